"""Fitting of one model with measurements after chosen epochs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from penchant._settings.checks import check_int
from penchant.data.interactions import Interactions
from penchant.errors import SettingsError
from penchant.models.base import Epoch, Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.tuning.measure import MeasureBoth
from penchant.tuning.results import CurveRow

OnRow = Callable[[CurveRow, Model], bool]
"""Called with the metrics after an epoch and the model then; return True to end training."""


def epochs_of(epochs: Iterable[int] | int) -> tuple[int, ...]:
    """Return the epochs to measure at, sorted; a number stands for every epoch up to it.

    Raises
    ------
    SettingsError
        If there are none, or one is not a whole number of 1 or more.
    """
    if isinstance(epochs, Iterable):
        numbers = {check_int("epochs", epoch, 1) for epoch in epochs}
    else:
        numbers = set(range(1, check_int("epochs", epochs, 1) + 1))
    if not numbers:
        raise SettingsError("epochs names no epoch to measure at: give some, as range(2, 40, 2)")
    return tuple(sorted(numbers))


def has_epochs(model: type[Model]) -> bool:
    """Whether a class of models is trained in epochs."""
    return issubclass(model, TrainsInEpochs)


def train(
    model: Model,
    interactions: Interactions,
    epochs: tuple[int, ...],
    measure: MeasureBoth,
    on_row: OnRow,
    stop: Callable[[], bool] | None = None,
    **fit: Any,
) -> None:
    """Fit a copy of a model once, up to the last of ``epochs``, and measure it at each of them.

    A model without epochs is measured once after fitting, as epoch 1. ``stop`` is called after
    each epoch that is not measured; training ends if it returns True.
    """
    changes = {"iterations": epochs[-1]} if has_epochs(type(model)) else {}
    learner = model.with_settings(**changes)
    measured = False

    def on_epoch(epoch: Epoch) -> bool:
        nonlocal measured
        if epoch.number not in epochs:
            return stop is not None and stop()
        measured = True
        return report(epoch.number, epoch.seconds, learner.snapshot())

    def report(number: int, seconds: float, fitted: Model) -> bool:
        train_metrics, test_metrics = measure(fitted)
        return on_row(CurveRow(number, train_metrics, test_metrics, seconds), fitted)

    start = time.perf_counter()
    learner.fit(interactions, on_epoch=on_epoch, **fit)
    if not measured:
        report(1, time.perf_counter() - start, learner)
