"""The reference engine: the same mathematics in plain NumPy and float64, slow and readable.

It solves each row's system as the paper writes it (Hu, Koren & Volinsky 2008, equation 4), without
the rotation, twins and tiles of the native kernels. Tests compare the native engine with it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Csr
from penchant.engines.base import F64, Factors, Objective, Penalties, Spectrum, one_blas_thread
from penchant.engines.memory import MemoryEngine, MemoryRows


class ReferenceEngine(MemoryEngine):
    """Solve rows one by one with dense systems; always exactly, whichever solver is set."""

    def align_rows(self, factors: Factors) -> Factors:
        """See :meth:`MemoryEngine.align_rows`; any layout will do."""
        return factors

    def solve_rows(
        self, rows: MemoryRows, fixed: Factors, solved: Factors, objective: Objective
    ) -> None:
        """See :meth:`MemoryEngine.solve_rows`; no side is rotated."""
        weight = objective.unobserved_weight
        solved[:] = _solve(rows.csr, fixed, self.gram(fixed), rows.regularization, weight)

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
        gram = (spectrum.vectors * spectrum.values) @ spectrum.vectors.T
        return _solve(rows, fixed, gram, regularization, unobserved_weight).astype(fixed.dtype)

    def observed_loss(
        self, rows: MemoryRows, X: Factors, Y: Factors, unobserved_weight: float
    ) -> float:
        """See :meth:`Engine.observed_loss`."""
        total = 0.0
        for r in range(rows.csr.n_rows):
            columns, confidence_delta = _row(rows.csr, r)
            predicted = Y[columns].astype(np.float64) @ X[r].astype(np.float64)
            c, p = unobserved_weight + np.abs(confidence_delta), confidence_delta > 0
            total += float((c * (p - predicted) ** 2 - unobserved_weight * predicted**2).sum())
        return total

    def gram(self, factors: Factors, *, precise: bool = True) -> F64:
        """See :meth:`MemoryEngine.gram`; always precise."""
        wide = factors.astype(np.float64)
        with one_blas_thread():
            return wide.T @ wide


def _solve(
    rows: Csr, fixed: Factors, gram: F64, regularization: Penalties, unobserved_weight: float
) -> F64:
    """Solve every row by least squares, float64, shape (m, f); zero for rows without entries.

    Systems this small gain nothing from BLAS's own threads, and these spin: on a busy machine
    they made the oracle of a test up to a hundred times slower.
    """
    Y = fixed.astype(np.float64)
    solutions = np.zeros((rows.n_rows, Y.shape[1]))
    with one_blas_thread():
        for r in np.flatnonzero(rows.row_counts).tolist():
            columns, confidence_delta = _row(rows, r)
            y = Y[columns]
            A = unobserved_weight * gram + regularization[r] * np.eye(Y.shape[1])
            A += (y.T * np.abs(confidence_delta)) @ y
            c = unobserved_weight + np.abs(confidence_delta)
            # least squares rather than solve: at λ = 0 the system may be singular
            b = y.T @ (c * (confidence_delta > 0))
            solutions[r] = np.linalg.lstsq(A, b, rcond=1e-13)[0]
    return solutions


def _row(rows: Csr, r: int) -> tuple[npt.NDArray[np.int32], F64]:
    """Return the columns and weights of row r."""
    span = slice(rows.indptr[r], rows.indptr[r + 1])
    return rows.indices[span], rows.values[span].astype(np.float64)
