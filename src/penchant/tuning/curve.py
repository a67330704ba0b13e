"""Learning curves: how well a model does on train and test likes, epoch after epoch."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from penchant._settings.checks import whole
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.measure import full_names, measurer, need_split
from penchant.tuning.results import CurveRow, LearningCurve, better_of, heading, line
from penchant.tuning.training import epochs_of, train

log = logging.getLogger("penchant")


def learning_curve(
    model: Model,
    split: Split,
    epochs: Iterable[int] | int = range(2, 40, 2),
    metrics: Sequence[str] | str = ("precision@5", "mse"),
    *,
    patience: int | None = None,
    exclude_seen: bool = True,
    verbose: bool = True,
    on_row: Callable[[CurveRow], object] | None = None,
    **fit: Any,
) -> LearningCurve:
    """Train once, measuring train and test likes at some epochs; prints a line for each.

    Each line is of the model that would result if training ended there, so its test figures are
    those of ``penchant.evaluate``. The model given ends up with what was learned up to the last
    epoch measured, or with ``patience`` up to the best one; its settings stay as they are,
    ``iterations`` too, and what it had learned before is forgotten.

    Parameters
    ----------
    model
        Of any kind. One without epochs gets one line.
    split
        Training is on ``split.train``. Both figures are of the users who have something in
        ``split.test``, as in the articles.
    epochs
        When to measure; the last one ends the training. A number: every epoch up to it.
    metrics
        As for :func:`penchant.evaluate`; the first one decides which epoch is best.
    patience
        End the training when so many measurements in a row were no better than the best so far,
        and give the model the best epoch's factors. None: train to the end.
    exclude_seen
        Leave known items out of the lists of the test figures, as :func:`penchant.evaluate` does.
        False gives the precision of the articles, where training likes compete.
    verbose
        Whether to print the table as it grows.
    on_row
        Called with each row.
    **fit
        For ``model.fit``: an engine, say.

    Raises
    ------
    SettingsError
        If an argument is out of its range, a metric is unknown, or with ``patience`` neither end
        of the first metric is better.
    """
    wanted, names = epochs_of(epochs), full_names(metrics)
    stopper = None if patience is None else Patience(names[0], patience)
    measure = measurer(need_split(split), names, exclude_seen=exclude_seen)
    rows: list[CurveRow] = []
    kept: Model = model
    if verbose:
        print(heading(names), flush=True)

    def told(row: CurveRow, now: Model) -> bool:
        nonlocal kept
        rows.append(row)
        if verbose:
            print(line(names, row), flush=True)
        log.info("epoch %d: test %s", row.epoch, row.test)
        if on_row is not None:
            on_row(row)
        enough = stopper is not None and stopper.enough(row)
        if stopper is None or stopper.best is row:
            kept = now
        return enough

    train(model, split.train, wanted, measure, told, **fit)
    model.load_state_from(kept)
    return LearningCurve(model.settings, names, tuple(rows))


class Patience:
    """Tells when a figure has not become better for some measurements."""

    def __init__(self, metric: str, rows: int) -> None:
        self.metric, self.rows = metric, whole("patience", rows, 1)
        self.best: CurveRow | None = None
        self._sign = 1 if better_of(metric) == "higher" else -1
        self._since = 0

    def enough(self, row: CurveRow) -> bool:
        """Take note of a row; whether it is one too many."""
        if self.best is None or self._value(row) > self._value(self.best):
            self.best, self._since = row, 0
        else:
            self._since += 1
        return self._since >= self.rows

    def _value(self, row: CurveRow) -> float:
        value = self._sign * row.test[self.metric]
        return -math.inf if math.isnan(value) else value
