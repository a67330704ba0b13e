"""Learning curves: train and test metrics of a model by epoch."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from penchant._settings.checks import check_int
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.measure import check_split, full_names, train_test_measure
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
    """Train once and measure train and test metrics after chosen epochs; prints a line for each.

    Each line is of the model that would result if training ended there, so its test metrics equal
    those of ``penchant.evaluate``. Afterwards ``model`` is fitted up to the last measured epoch,
    or with ``patience`` up to the best one; its settings are unchanged, including ``iterations``.

    Parameters
    ----------
    model
        A model of any kind. A model without epochs gets one line.
    split
        The model is trained on ``split.train``. Both parts are measured for the users with likes
        in ``split.test``, as in the articles.
    epochs
        The epochs to measure at; training ends after the last. A number: every epoch up to it.
    metrics
        As for :func:`penchant.evaluate`; the first one decides which epoch is best.
    patience
        End training after this many measurements in a row without improvement, and restore the
        best epoch. None: train to the end.
    exclude_seen
        Whether to exclude seen items from the lists of the test metrics, as in
        :func:`penchant.evaluate`. False gives the precision of the articles, where training likes
        compete.
    verbose
        Whether to print the table while training.
    on_row
        Called with each row.
    **fit
        Arguments of ``model.fit``, such as ``engine``.

    Raises
    ------
    SettingsError
        If an argument is out of range, a metric is unknown, or with ``patience`` neither a higher
        nor a lower value of the first metric is better.
    """
    measured_epochs, names = epochs_of(epochs), full_names(metrics)
    stopper = None if patience is None else Patience(names[0], patience)
    measure = train_test_measure(check_split(split), names, exclude_seen=exclude_seen)
    rows: list[CurveRow] = []
    best_model: Model = model
    if verbose:
        print(heading(names), flush=True)

    def take_row(row: CurveRow, current: Model) -> bool:
        nonlocal best_model
        rows.append(row)
        if verbose:
            print(line(names, row), flush=True)
        log.info("epoch %d: test %s", row.epoch, row.test)
        if on_row is not None:
            on_row(row)
        stop = stopper is not None and stopper.is_exhausted(row)
        if stopper is None or stopper.best is row:
            best_model = current
        return stop

    train(model, split.train, measured_epochs, measure, take_row, **fit)
    model.load_state_from(best_model)
    return LearningCurve(model.settings, names, tuple(rows))


class Patience:
    """Early stopping: detects that a metric has not improved for a number of measurements."""

    def __init__(self, metric: str, rows: int) -> None:
        self.metric, self.rows = metric, check_int("patience", rows, 1)
        self.best: CurveRow | None = None
        self._sign = 1 if better_of(metric) == "higher" else -1
        self._since = 0

    def is_exhausted(self, row: CurveRow) -> bool:
        """Record a row; return True if the patience is used up."""
        if self.best is None or self._value(row) > self._value(self.best):
            self.best, self._since = row, 0
        else:
            self._since += 1
        return self._since >= self.rows

    def _value(self, row: CurveRow) -> float:
        value = self._sign * row.test[self.metric]
        return -math.inf if math.isnan(value) else value
