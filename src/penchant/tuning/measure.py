"""Train and test metrics of a model, on the same users."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penchant._settings.checks import check_choice
from penchant.errors import DataError, SettingsError
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.measure import Measure
from penchant.evaluation.metrics import METRICS
from penchant.split import Split

Figures = dict[str, float]
MeasureBoth = Callable[[Scorable], tuple[Figures, Figures]]
"""Fitted model → its metrics on the training likes and on the test likes."""


def train_test_measure(split: Split, metrics: Sequence[str], *, exclude_seen: bool) -> MeasureBoth:
    """Return a function that measures models fitted on ``split.train``.

    Both parts are measured for the users with held-out likes, as in the articles: the train
    metrics say how well their training likes are found, without masking.

    Raises
    ------
    DataError
        If ``split`` is no split.
    """
    prepared = Measure(
        check_split(split),
        users="held-out",
        metrics=metrics,
        exclude_seen=exclude_seen,
        bootstrap=0,
    )

    def measure(model: Scorable) -> tuple[Figures, Figures]:
        evaluations = prepared(model)
        return dict(evaluations["train"].figures), dict(evaluations["test"].figures)

    return measure


def full_names(metrics: Sequence[str] | str) -> tuple[str, ...]:
    """Return full names of metrics, ``"ndcg@10"`` for ``"ndcg"``: 10 is the default k.

    Raises
    ------
    SettingsError
        If a metric is unknown, or none is given.
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    if not names:
        raise SettingsError(f"metrics names no metric; there are: {', '.join(METRICS)}")
    return tuple(dict.fromkeys(map(_full_name, names)))


def _full_name(metric: str) -> str:
    name, at, length = str(metric).partition("@")
    check_choice("metric", name, list(METRICS))
    if not METRICS[name].of_lists and at:
        raise SettingsError(
            f"{name} is a metric of full rankings, so {metric!r} has no k: use {name!r}"
        )
    if at and not (length.isascii() and length.isdigit() and int(length)):
        raise SettingsError(f"in {metric!r} the part after @ must be a whole number, 1 or more")
    return f"{name}@{length or 10}" if METRICS[name].of_lists else name


def check_split(split: object) -> Split:
    """Return ``split`` if it is a split.

    Raises
    ------
    DataError
        If it is of another type.
    """
    if not isinstance(split, Split):
        raise DataError(
            f"a penchant.Split is needed, got {type(split).__name__}: penchant.split makes one, of "
            "a log or with penchant.split.predefined(train, test)"
        )
    return split
