"""The engine of one machine: native kernels on its threads."""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Csr
from penchant.engines.base import (
    F64,
    Factors,
    Objective,
    Penalties,
    Rotation,
    Spectrum,
    spectrum_of_gram,
)
from penchant.engines.memory import MemoryEngine, MemoryRows, Workspace
from penchant.engines.native import native_objective, native_rows, trained_rows
from penchant.engines.whitening import (
    WHITENED_FROM,
    common_regularization,
    whitening_of_gram,
)
from penchant.engines.wide_rows import solve_wide_rows, wide_rows_of

__all__ = ["LocalEngine"]

_MANY_ROWS = 4096

PHASES = ("gram", "decomposition", "products", "rows", "momentum")
"""The phases of an epoch: the Gram matrices, their decompositions, the changes of coordinates, the
solutions of rows, and the extrapolation of the first side."""


class LocalEngine(MemoryEngine):
    """Native kernels on ``threads`` threads (None: all cores this process may use).

    Attributes
    ----------
    seconds
        Processor seconds of half steps so far, by phase (:data:`PHASES`).
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = _kernels.thread_count(threads)
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._workspace: weakref.ref[Workspace] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return the state of a copy in another process, which makes a workspace of its own."""
        return self.__dict__ | {"_workspace": None}

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.seconds[phase] += time.process_time() - begun

    def load_rows(self, rows: Csr, regularization: Penalties) -> MemoryRows:
        """See :meth:`Engine.load_rows`; all rows share a workspace, which is freed with them."""
        workspace = None if self._workspace is None else self._workspace()
        if workspace is None:
            workspace = Workspace()
            self._workspace = weakref.ref(workspace)
        return MemoryRows(rows, regularization, workspace)

    def align_rows(self, factors: Factors) -> Factors:
        """See :meth:`MemoryEngine.align_rows`; rows begin on cache lines, padded with zeros."""
        return _kernels.align_rows(factors)

    def solve_rows(
        self, rows: MemoryRows, fixed: Factors, solved: Factors, objective: Objective
    ) -> Rotation:
        """See :meth:`MemoryEngine.solve_rows`.

        Both sides are rotated to the eigenvectors of YᵀY, unless a Cholesky factor serves.
        """
        csr, regularization = rows.csr, rows.regularization
        precise = needs_precise_gram(len(fixed), regularization)
        wide = wide_rows_of(fixed, csr, regularization, objective.unobserved_weight)
        with self._timed("gram"):
            gram = self.gram(fixed, precise=precise)
        common = None
        if solved.shape[1] >= WHITENED_FROM and not len(wide):
            common = common_regularization(regularization)
        with self._timed("decomposition"):
            whitening = (
                None
                if common is None
                else whitening_of_gram(gram, objective.unobserved_weight, common)
            )
        if whitening is not None:
            parts = whitening.factor, whitening.inverse
            with rows.workspace.rows_like(fixed) as workspace:
                step = functools.partial(_kernels.whitened_half_step, workspace=workspace)
                self._solve(step, rows, fixed, parts, solved, objective)
            return None
        with self._timed("decomposition"):
            spectrum = spectrum_of_gram(gram)
        self._solve(_kernels.half_step, rows, fixed, spectrum, solved, objective)
        if len(wide):
            solve_wide_rows(
                solved,
                csr,
                wide,
                fixed,
                Spectrum(spectrum.values, np.eye(len(spectrum.values))),  # both sides are rotated
                regularization,
                unobserved_weight=objective.unobserved_weight,
                threads=self.threads,
            )
        return spectrum.vectors

    def _solve(
        self,
        half_step: Callable[..., tuple[float, float]],
        rows: MemoryRows,
        fixed: Factors,
        coordinates: tuple[F64, F64],
        solved: Factors,
        objective: Objective,
    ) -> None:
        """Call a kernel of half steps."""
        products, solutions = half_step(
            trained_rows(rows.csr, len(fixed)),
            fixed,
            coordinates,
            solved,
            native_objective(objective, rows.regularization),
            threads=self.threads,
        )
        self.seconds["products"] += products
        self.seconds["rows"] += solutions

    def quantize_previous(self, factors: Factors) -> Any:
        """See :meth:`Engine.quantize_previous`; float32 factors in 16 bits a number."""
        if factors.dtype != np.float32:
            return super().quantize_previous(factors)
        with self._timed("momentum"):
            return _kernels.quantize_previous(factors, threads=self.threads)

    def extrapolate(
        self, factors: Factors, previous: Any, rotation: Rotation, momentum: float
    ) -> Any:
        """See :meth:`Engine.extrapolate`."""
        if not isinstance(previous, _kernels.QuantizedFactors):
            return super().extrapolate(factors, previous, rotation, momentum)
        with self._timed("momentum"):
            _kernels.extrapolate(factors, previous, rotation, momentum, threads=self.threads)
        return previous

    def rotated(self, factors: Factors, rotation: F64) -> Factors:
        """See :meth:`MemoryEngine.rotated`; the bits of a row depend on that row alone."""
        copy = self.align_rows(factors.copy())
        spectrum = Spectrum(np.ones(len(rotation)), np.ascontiguousarray(rotation))
        _kernels.rotate(spectrum, copy, copy[:0], threads=self.threads)
        return copy

    def previous_to_arrays(self, previous: Any) -> list[npt.NDArray[Any]]:
        """See :meth:`Engine.previous_to_arrays`."""
        if not isinstance(previous, _kernels.QuantizedFactors):
            return super().previous_to_arrays(previous)
        return [previous.values, previous.row_max]

    def previous_from_arrays(self, arrays: list[npt.NDArray[Any]], factors: Factors) -> Any:
        """See :meth:`Engine.previous_from_arrays`; rows get the padding of this machine."""
        if len(arrays) == 1:
            return super().previous_from_arrays(arrays, factors)
        values, row_max = arrays
        like = self.quantize_previous(self.align_rows(np.zeros_like(factors[:1])))
        padded = np.zeros((len(values), like.values.shape[1]), values.dtype)
        padded[:, : factors.shape[1]] = values[:, : factors.shape[1]]
        return _kernels.QuantizedFactors(padded, np.array(row_max))

    def fold_in(
        self,
        *,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """See :meth:`Engine.fold_in`."""
        solutions = _kernels.fold_in(
            native_rows(rows, len(fixed)),
            fixed,
            spectrum,
            _kernels.row_objective(regularization, unobserved_weight=unobserved_weight),
            threads=self.threads,
        )
        solve_wide_rows(
            solutions,
            rows,
            wide_rows_of(fixed, rows, regularization, unobserved_weight),
            fixed,
            spectrum,
            regularization,
            unobserved_weight=unobserved_weight,
            threads=self.threads,
        )
        return solutions

    def observed_loss(
        self, rows: MemoryRows, X: Factors, Y: Factors, unobserved_weight: float
    ) -> float:
        """See :meth:`Engine.observed_loss`."""
        return _kernels.observed_loss(
            native_rows(rows.csr, len(Y)),
            X,
            Y,
            unobserved_weight=unobserved_weight,
            threads=self.threads,
        )

    def gram(self, factors: Factors, *, precise: bool = True) -> F64:
        """See :meth:`MemoryEngine.gram`."""
        return _kernels.gram(factors, precise=precise, threads=self.threads)


def needs_precise_gram(n: int, regularization: Penalties) -> bool:
    """Return whether the Gram matrix of n fixed factors is summed in float64 throughout.

    Without regularization, or with few rows, the eigenvalues near 0 decide which directions count
    at all.
    """
    return n < _MANY_ROWS or bool((regularization == 0).any())
