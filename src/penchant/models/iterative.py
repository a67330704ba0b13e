"""The base of models that are trained in epochs, with the record of these."""

from __future__ import annotations

import dataclasses
from typing import Any

from penchant.models.base import Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.models.epoch import Epoch


class Iterative(Model, TrainsInEpochs):
    """A model that is trained in epochs and keeps a record of each."""

    _epochs: list[Epoch]

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs of training, first to last."""
        return tuple(self._epochs)

    def _training(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(epoch) for epoch in self._epochs]

    def _restore_training(self, training: list[dict[str, Any]]) -> None:
        self._epochs = [Epoch(**epoch) for epoch in training]
