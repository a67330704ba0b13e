"""Extrapolation between epochs of alternating least squares: fewer of them to the same loss."""

from __future__ import annotations

from typing import Any

from penchant.engines.base import Engine, Factors, Rotation, one_blas_thread


class Momentum:
    """Moves the side that an epoch solves first on in the direction that it has come.

    With the other side solved for it, the loss is a function of the first side alone, and an epoch
    of alternating least squares is a step down this function. Such steps grow short along its flat
    valleys. Nesterov's remedy (1983) begins each of them not where the last one ended, Y_k, but at
    Y_k + β_k (Y_k − Y_{k−1}) with β_k = k / (k + 3); Mitchell, Ye & De Sterck (2020, "Nesterov
    acceleration of alternating least squares for canonical tensor decomposition") found it to
    serve ALS. Near a minimum, where an epoch is a linear map with eigenvalues in [0, 1), it
    converges for every β below 1.

    Parameters
    ----------
    engine
        Whose half steps turn the factors.
    most
        The bound of β_k, 0 (plain alternating least squares) or more and below 1.
    """

    def __init__(self, engine: Engine, most: float) -> None:
        self._engine, self._most = engine, most
        self._before: Any = None
        self._turn: Rotation = None
        self._steps = 0

    def turned(self, Q: Rotation) -> None:
        """A half step has turned both sides by Q."""
        if not self._most or Q is None:
            return
        if self._turn is None:
            self._turn = Q
            return
        with one_blas_thread():
            self._turn = self._turn @ Q

    def push(self, factors: Factors) -> None:
        """The first side has been solved: move it on, in place."""
        if not self._most:
            return
        if self._steps == 0:
            self._before = self._engine.quantize_previous(factors)
        else:
            weight = min(self._most, self._steps / (self._steps + 3))
            self._before = self._engine.extrapolate(factors, self._before, self._turn, weight)
        self._turn = None
        self._steps += 1
