"""Nesterov momentum for alternating least squares: fewer epochs to the same loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from penchant.engines.base import Engine, FactorsT, Rotation, RowsT, compose_rotations


class Momentum(Generic[RowsT, FactorsT]):
    """Extrapolate the side that an epoch solves first by its change since the last epoch.

    With the other side solved for it, the loss is a function of the first side alone, and an epoch
    of alternating least squares is a step down this function. Such steps grow short along its flat
    valleys. Nesterov's remedy (1983) starts each step not where the last one ended, Y_k, but at
    Y_k + β_k (Y_k − Y_{k−1}) with β_k = k / (k + 3); Mitchell, Ye & De Sterck (2020, "Nesterov
    acceleration of alternating least squares for canonical tensor decomposition") apply it to ALS.
    Near a minimum, where an epoch is a linear map with eigenvalues in [0, 1), it converges for
    every β below 1.

    Parameters
    ----------
    engine
        The engine that holds the factors.
    limit
        The upper bound of β_k, 0 (plain alternating least squares) or more and below 1.
    """

    def __init__(self, engine: Engine[RowsT, FactorsT], limit: float) -> None:
        self._engine, self._limit = engine, limit
        self._previous: Any = None
        self._rotation: Rotation = None
        self._steps = 0

    def rotated(self, Q: Rotation) -> None:
        """Record that a half step rotated both sides by Q."""
        if self._limit:
            self._rotation = compose_rotations(self._rotation, Q)

    def extrapolate(self, factors: FactorsT) -> None:
        """Extrapolate the first side once it is solved, in place."""
        if not self._limit:
            return
        if self._steps == 0:
            self._previous = self._engine.quantize_previous(factors)
        else:
            beta = min(self._limit, self._steps / (self._steps + 3))
            self._previous = self._engine.extrapolate(factors, self._previous, self._rotation, beta)
        self._rotation = None
        self._steps += 1

    def to_arrays(self, f: int) -> dict[str, npt.NDArray[Any]]:
        """Return the state as arrays for a checkpoint; f is the number of factors."""
        arrays = {"steps": np.array([self._steps]), "rotation": np.eye(f)}
        if self._rotation is not None:
            arrays["rotation"] = self._rotation
        if self._previous is not None:
            for number, array in enumerate(self._engine.previous_to_arrays(self._previous)):
                arrays[f"previous_{number}"] = array
        return arrays

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], factors: FactorsT) -> None:
        """Restore the state of :meth:`to_arrays` for the factors that are solved first."""
        self._steps, self._rotation = int(arrays["steps"][0]), np.array(arrays["rotation"])
        previous = [arrays[name] for name in sorted(arrays) if name.startswith("previous_")]
        if previous:
            self._previous = self._engine.previous_from_arrays(previous, factors)
