"""The common part of engines that keep rows and factors as NumPy arrays in memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._blas import one_blas_thread
from penchant.data.interactions import Csr
from penchant.engines.base import (
    F64,
    Bounds,
    Engine,
    Factors,
    Objective,
    Penalties,
    Rotation,
    RowPrior,
    Spectrum,
    spectrum_of_gram,
)
from penchant.engines.feature_prior import with_means
from penchant.engines.penalties import penalty_of, prior_penalty_of

_BLOCK = 1024  # rows that are drawn at a time


class Workspace:
    """Memory that the half steps of a training share; it is freed with the handles of rows."""

    def __init__(self) -> None:
        self._free: list[tuple[int, npt.NDArray[Any]]] = []

    @contextmanager
    def rows_like(self, factors: Factors) -> Iterator[npt.NDArray[Any]]:
        """Lend padded rows, at least as many as those of factors, with any numbers in them.

        Trainings on several threads of Python may share an engine: while the memory is lent,
        another is allocated.
        """
        n, f = factors.shape
        try:
            length, memory = self._free.pop()
        except IndexError:
            length, memory = 0, np.empty((0, 0), factors.dtype)
        if length != f or len(memory) < n or memory.dtype != factors.dtype:
            del memory  # freed before the next is allocated
            memory = _kernels.padded_rows(n, f, factors.dtype)
        try:
            yield memory
        finally:
            self._free[:] = [(f, memory)]


@dataclass(frozen=True, eq=False)
class MemoryRows:
    """Weighted rows in memory, with the regularization of each."""

    csr: Csr
    regularization: Penalties
    workspace: Workspace = field(default_factory=Workspace)


def draw_normal(factors: Factors, random: np.random.Generator, scale: float) -> None:
    """Draw factors in place: the same numbers as one draw of all, cast to their type."""
    for first in range(0, len(factors), _BLOCK):
        block = factors[first : first + _BLOCK]
        block[:] = random.normal(0, scale, block.shape)


class MemoryEngine(Engine[MemoryRows, Factors]):
    """An engine whose handles are :class:`MemoryRows` and arrays.

    Subclasses solve rows (:meth:`solve_rows`), compute Gram matrices and losses, and choose the
    memory layout of factors (:meth:`align_rows`).
    """

    @abstractmethod
    def align_rows(self, factors: Factors) -> Factors:
        """Return the factors in the memory layout of this engine, copied only if necessary."""

    @abstractmethod
    def solve_rows(
        self, rows: MemoryRows, fixed: Factors, solved: Factors, objective: Objective
    ) -> Rotation:
        """Solve one half step without prior means; see :meth:`half_step`."""

    @abstractmethod
    def gram(self, factors: Factors, *, precise: bool = True) -> F64:
        """Compute FᵀF, float64, shape (f, f); sums may be in the factors' type unless precise."""

    # --- handles -------------------------------------------------------------------

    def load_rows(self, rows: Csr, regularization: Penalties) -> MemoryRows:
        """See :meth:`Engine.load_rows`."""
        return MemoryRows(rows, regularization)

    def create_factors(self, bounds: Bounds, f: int, dtype: str) -> Factors:
        """See :meth:`Engine.create_factors`; blocks make no difference."""
        return self.align_rows(np.zeros((bounds[-1], f), dtype))

    def from_numpy(self, factors: Factors, bounds: Bounds) -> Factors:
        """See :meth:`Engine.from_numpy`; returns the array itself."""
        return factors

    def to_numpy(self, factors: Factors) -> Factors:
        """See :meth:`Engine.to_numpy`; returns the array itself."""
        return factors

    def copy_factors(self, factors: Factors) -> Factors:
        """See :meth:`Engine.copy_factors`."""
        return self.align_rows(np.array(factors, order="C"))

    def initialize(self, factors: Factors, *, seed: int | Sequence[int], scale: float) -> None:
        """See :meth:`Engine.initialize`."""
        draw_normal(factors, np.random.default_rng(seed), scale)

    def assign_rows(
        self, factors: Factors, values: Factors, positions: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """See :meth:`Engine.assign_rows`."""
        factors[slice(None) if positions is None else positions] = values

    def clear_empty_rows(self, rows: MemoryRows, factors: Factors) -> None:
        """See :meth:`Engine.clear_empty_rows`."""
        factors[rows.csr.row_counts == 0] = 0

    # --- training ------------------------------------------------------------------

    def half_step(
        self,
        *,
        rows: MemoryRows,
        fixed: Factors,
        solved: Factors,
        objective: Objective,
        prior: RowPrior | None = None,
    ) -> Rotation:
        """See :meth:`Engine.half_step`; prior means become one more entry of each row."""
        if prior is None:
            return self.solve_rows(rows, fixed, solved, objective)
        weight, regularization = objective.unobserved_weight, rows.regularization
        longer, stacked = with_means(rows.csr, fixed, prior.means(), regularization, weight)
        stacked = self.align_rows(stacked)
        try:
            return self.solve_rows(replace(rows, csr=longer), stacked, solved, objective)
        finally:  # an interrupted half step may have rotated the factors as well
            fixed[:] = stacked[: len(fixed)]

    def quantize_previous(self, factors: Factors) -> Any:
        """See :meth:`Engine.quantize_previous`; an exact copy."""
        return factors.copy()

    def extrapolate(
        self, factors: Factors, previous: Any, rotation: Rotation, momentum: float
    ) -> Any:
        """See :meth:`Engine.extrapolate`."""
        current = factors.copy()
        if rotation is not None:
            previous = self.rotated(previous, rotation)
        factors += momentum * (current - previous)
        return current

    def rotated(self, factors: Factors, rotation: F64) -> Factors:
        """Return rotated factors."""
        with one_blas_thread():
            return np.asarray(factors @ rotation.astype(factors.dtype))

    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """See :meth:`Engine.previous_to_arrays`."""
        return [previous]

    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: Factors) -> Any:
        """See :meth:`Engine.previous_from_arrays`."""
        return np.array(arrays[0])

    def weighted_sum(self, weights: Any, factors: Factors) -> F64:
        """See :meth:`Engine.weighted_sum`."""
        return np.asarray(weights @ factors.astype(np.float64))

    # --- the loss ------------------------------------------------------------------

    def squared_sum(self, X: Factors, Y: Factors) -> float:
        """See :meth:`Engine.squared_sum`; equal to Σ (XᵀX ∘ YᵀY)."""
        return float((self.gram(X) * self.gram(Y)).sum())

    def penalty(self, rows: MemoryRows, factors: Factors) -> float:
        """See :meth:`Engine.penalty`."""
        return penalty_of(rows.regularization, factors)

    def prior_penalty(self, rows: MemoryRows, factors: Factors, prior: RowPrior) -> float:
        """See :meth:`Engine.prior_penalty`."""
        nonempty = rows.csr.row_counts > 0
        return prior_penalty_of(rows.regularization, factors, prior.means(), nonempty)

    # --- fitted models -------------------------------------------------------------

    def spectrum(self, factors: Factors, *, precise: bool = True) -> Spectrum:
        """See :meth:`Engine.spectrum`; ``precise`` as for :meth:`gram`."""
        return spectrum_of_gram(self.gram(factors, precise=precise))
