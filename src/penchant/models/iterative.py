"""Models that learn in epochs: what they tell and keep of them."""

from __future__ import annotations

import dataclasses
from typing import Any

from penchant.models.base import Model
from penchant.models.epoch import Epoch


class Iterative(Model):
    """A model that learns in epochs, and remembers how they went."""

    _epochs: list[Epoch]

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """How training went, epoch by epoch."""
        return tuple(self._epochs)

    def _training(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(epoch) for epoch in self._epochs]

    def _restore_training(self, training: list[dict[str, Any]]) -> None:
        self._epochs = [Epoch(**epoch) for epoch in training]
