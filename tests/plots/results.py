"""Small tuning results for tests, with values that follow from the settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from penchant.models.als.model import ALS
from penchant.tuning.results import CurveRow, LearningCurve, State, Trial, TuningResult


def curve(
    test: Iterable[float],
    train: Iterable[float] | None = None,
    *,
    metric: str = "ndcg@10",
    settings: Mapping[str, Any] | None = None,
) -> LearningCurve:
    """Return a curve with one value per epoch; train values default to twice the test values."""
    figures = list(test)
    trained = [2 * value for value in figures] if train is None else list(train)
    rows = tuple(
        CurveRow(epoch, {metric: a}, {metric: b}, float(epoch))
        for epoch, (a, b) in enumerate(zip(trained, figures, strict=True), 1)
    )
    return LearningCurve(dict(settings or {}), (metric,), rows)


def trial(
    number: int,
    settings: Mapping[str, Any],
    value: float,
    *,
    seconds: float = 3.0,
    state: State = "complete",
    metric: str = "ndcg@10",
) -> Trial:
    """Return a trial of three epochs with the value in the second; none if it is NaN."""
    if math.isnan(value):
        empty = LearningCurve(dict(settings), (metric,), ())
        return Trial(number, dict(settings), state, empty, 0, math.nan, seconds, "it broke")
    worse = -0.01 if metric != "mse" else 0.01
    learned = curve([value + 2 * worse, value, value + worse], metric=metric, settings=settings)
    timed = tuple(
        CurveRow(row.epoch, row.train, row.test, seconds * row.epoch / 2) for row in learned.rows
    )
    learned = LearningCurve(learned.settings, learned.metrics, timed)
    return Trial(number, dict(settings), state, learned, 2, value, 1.5 * seconds)


def tuning_result(*trials: Trial, metric: str = "ndcg@10", **rest: Any) -> TuningResult:
    better = "lower" if metric == "mse" else "higher"
    return TuningResult(ALS, metric, better, trials, **rest)


def grid(**rest: Any) -> TuningResult:
    """alpha 1, 10, 100 × factors 8, 16 × regularization 0.1, 1: alpha matters most, then factors.

    The best is number 7: alpha 10, factors 16, regularization 1.
    """
    points = [(a, f, r) for a in (1, 10, 100) for f in (8, 16) for r in (0.1, 1.0)]
    gain = {1: 0.1, 10: 0.2, 100: 0.15}
    trials = [
        trial(
            number,
            {"alpha": a, "factors": f, "regularization": r},
            round(gain[a] + f / 800 + r / 200, 6),
            seconds=float(f),
        )
        for number, (a, f, r) in enumerate(points)
    ]
    return tuning_result(*trials, **rest)
