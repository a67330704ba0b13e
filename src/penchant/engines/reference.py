"""The oracle: the same mathematics in plain NumPy and float64, slow and readable.

It solves each row's system as the paper writes it (Hu, Koren & Volinsky 2008, equation 4),
with none of the rotation, twins and tiles of the native core. Tests hold the fast path to it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Csr
from penchant.engines.base import Engine, Factors, Objective, Penalties, Spectrum


class ReferenceEngine(Engine):
    """Row systems solved one by one, densely; conjugate gradients is not told apart from exact."""

    def align_rows(self, factors: Factors) -> Factors:
        """See :meth:`Engine.align_rows`."""
        return factors

    def half_step(
        self,
        rows: Csr,
        fixed: Factors,
        solved: Factors,
        regularization: Penalties,
        objective: Objective,
    ) -> None:
        """See :meth:`Engine.half_step`; no side is turned."""
        gram = self.gram(fixed)
        solved[:] = _solve(rows, fixed, gram, regularization, objective.unobserved_weight)

    def fold_in(
        self,
        rows: Csr,
        fixed: Factors,
        spectrum: Spectrum,
        regularization: Penalties,
        unobserved_weight: float,
    ) -> Factors:
        """See :meth:`Engine.fold_in`."""
        gram = (spectrum.vectors * spectrum.values) @ spectrum.vectors.T
        return _solve(rows, fixed, gram, regularization, unobserved_weight).astype(fixed.dtype)

    def observed_loss(self, rows: Csr, X: Factors, Y: Factors, unobserved_weight: float) -> float:
        """See :meth:`Engine.observed_loss`."""
        total = 0.0
        for r in range(rows.n_rows):
            columns, confidence_delta = _row(rows, r)
            predicted = Y[columns].astype(np.float64) @ X[r].astype(np.float64)
            c, p = unobserved_weight + np.abs(confidence_delta), confidence_delta > 0
            total += float((c * (p - predicted) ** 2 - unobserved_weight * predicted**2).sum())
        return total

    def gram(self, factors: Factors, *, precise: bool = True) -> npt.NDArray[np.float64]:
        """See :meth:`Engine.gram`; always precise."""
        wide = factors.astype(np.float64)
        return wide.T @ wide


def _solve(
    rows: Csr,
    fixed: Factors,
    gram: npt.NDArray[np.float64],
    regularization: Penalties,
    unobserved_weight: float,
) -> npt.NDArray[np.float64]:
    Y = fixed.astype(np.float64)
    out = np.zeros((rows.n_rows, Y.shape[1]))
    for r in range(rows.n_rows):
        columns, confidence_delta = _row(rows, r)
        if len(columns):
            y = Y[columns]
            A = unobserved_weight * gram + regularization[r] * np.eye(Y.shape[1])
            A += (y.T * np.abs(confidence_delta)) @ y
            c = unobserved_weight + np.abs(confidence_delta)
            # least squares rather than solve: at λ = 0 the system may be singular
            out[r] = np.linalg.lstsq(A, y.T @ (c * (confidence_delta > 0)), rcond=1e-13)[0]
    return out


def _row(rows: Csr, r: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    span = slice(rows.indptr[r], rows.indptr[r + 1])
    return rows.indices[span], rows.values[span].astype(np.float64)
