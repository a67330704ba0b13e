"""The engine of one machine: native kernels on its threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Csr
from penchant.engines.base import Engine, Factors, Objective, Penalties, Rotation, Spectrum

_MANY_ROWS = 4096


class LocalEngine(Engine):
    """Native kernels on ``threads`` threads (None: all cores this process may use)."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = _kernels.thread_count(threads)

    def align_rows(self, factors: Factors) -> Factors:
        """See :meth:`Engine.align_rows`."""
        return _kernels.align_rows(factors)

    def half_step(
        self,
        rows: Csr,
        fixed: Factors,
        solved: Factors,
        regularization: Penalties,
        objective: Objective,
    ) -> npt.NDArray[np.float64]:
        """See :meth:`Engine.half_step`; both sides end up in the fixed side's eigenvectors."""
        # With little to fill the directions (no regularization, few rows), eigenvalues near 0
        # decide what counts as one at all.
        precise = len(fixed) < _MANY_ROWS or bool((regularization == 0).any())
        spectrum = self.spectrum(fixed, precise=precise)
        _kernels.half_step(
            rows.indptr,
            rows.indices,
            rows.values,
            fixed,
            *spectrum,
            regularization,
            solved,
            unobserved_weight=objective.unobserved_weight,
            solver=objective.solver,
            cg_steps=objective.cg_steps,
            threads=self.threads,
            validated=rows.n_columns == len(fixed) and rows.is_validated,
        )
        return spectrum.vectors

    def quantize_previous(self, factors: Factors) -> Any:
        """See :meth:`Engine.quantize_previous`; of float32 factors, in 16 bits a number."""
        if factors.dtype != np.float32:
            return super().quantize_previous(factors)
        return _kernels.quantize_previous(factors, threads=self.threads)

    def extrapolate(
        self,
        factors: Factors,
        before: Any,
        turn: Rotation,
        momentum: float,
    ) -> Any:
        """See :meth:`Engine.extrapolate`."""
        if not isinstance(before, _kernels.QuantizedFactors):
            return super().extrapolate(factors, before, turn, momentum)
        turn = np.eye(factors.shape[1]) if turn is None else turn
        _kernels.extrapolate(factors, before, turn, momentum, threads=self.threads)
        return before

    def fold_in(
        self,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """See :meth:`Engine.fold_in`."""
        return _kernels.fold_in(
            rows.indptr,
            rows.indices,
            rows.values,
            fixed,
            *spectrum,
            regularization,
            unobserved_weight=unobserved_weight,
            threads=self.threads,
        )

    def observed_loss(self, rows: Csr, X: Factors, Y: Factors, unobserved_weight: float) -> float:
        """See :meth:`Engine.observed_loss`."""
        return _kernels.observed_loss(
            rows.indptr,
            rows.indices,
            rows.values,
            X,
            Y,
            unobserved_weight=unobserved_weight,
            threads=self.threads,
        )

    def gram(self, factors: Factors, *, precise: bool = True) -> npt.NDArray[np.float64]:
        """See :meth:`Engine.gram`."""
        return _kernels.gram(factors, precise=precise, threads=self.threads)
