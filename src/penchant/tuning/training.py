"""One training, measured as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from penchant._settings.checks import whole
from penchant.data.interactions import Interactions
from penchant.errors import SettingsError
from penchant.models.base import Epoch, Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.tuning.measure import MeasureBoth
from penchant.tuning.results import CurveRow

OnRow = Callable[[CurveRow, Model], bool]
"""Called with what was measured after an epoch and the model of it; True ends the training."""


def epochs_of(epochs: Iterable[int] | int) -> tuple[int, ...]:
    """Epochs to measure at, rising; a number stands for every epoch up to it.

    Raises
    ------
    SettingsError
        If there are none, or one is no whole number of 1 or more.
    """
    if isinstance(epochs, Iterable):
        wanted = {whole("epochs", epoch, 1) for epoch in epochs}
    else:
        wanted = set(range(1, whole("epochs", epochs, 1) + 1))
    if not wanted:
        raise SettingsError("epochs names no epoch to measure at: such as range(2, 40, 2)")
    return tuple(sorted(wanted))


def has_epochs(model: type[Model]) -> bool:
    """Whether a kind of model learns in epochs."""
    return issubclass(model, TrainsInEpochs)


def train(
    model: Model,
    interactions: Interactions,
    epochs: tuple[int, ...],
    measure: MeasureBoth,
    on_row: OnRow,
    **fit: Any,
) -> None:
    """Fit a copy of a model once, up to the last of ``epochs``, and measure it at each of them.

    A model that has no epochs is measured when it is fitted, as after a first one.
    """
    changes = {"iterations": epochs[-1]} if has_epochs(type(model)) else {}
    learner = model.with_settings(**changes)
    measured = False

    def on_epoch(epoch: Epoch) -> bool:
        nonlocal measured
        if epoch.number not in epochs:
            return False
        measured = True
        return told(epoch.number, epoch.seconds, learner.snapshot())

    def told(number: int, seconds: float, kept: Model) -> bool:
        known, held_out = measure(kept)
        return on_row(CurveRow(number, known, held_out, seconds), kept)

    began = time.perf_counter()
    learner.fit(interactions, on_epoch=on_epoch, **fit)
    if not measured:
        told(1, time.perf_counter() - began, learner)
