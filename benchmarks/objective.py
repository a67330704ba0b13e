"""The training loss that all engines are compared by.

L = Σ_observed (1 + α r)(1 − x·y)² + Σ_unobserved (x·y)² + λ (Σ‖x‖² + Σ‖y‖²), that is Hu, Koren &
Volinsky (2008), with no further weights. What each peer must be given for its own objective to
be this one stands in its adapter, and is held by a test: the side that an exact solver solved
last must be the minimum of L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.datasets import Rows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """α and λ of the objective."""

    alpha: float = 40.0
    regularization: float = 0.1


def loss(rows: Rows, X: npt.NDArray[Any], Y: npt.NDArray[Any], w: Weights, threads: int) -> float:
    """Return L by one pass over the stored cells, in float64."""
    from penchant import _kernels

    X, Y = (np.ascontiguousarray(F, dtype=np.float32) for F in (X, Y))
    confidence_delta = np.float32(w.alpha) * rows.values
    weighted = _kernels.weighted_rows(rows.indptr, rows.indices, confidence_delta, len(Y))
    observed = _kernels.observed_loss(weighted, X, Y, unobserved_weight=1.0, threads=threads)
    grams = [_kernels.gram(F, threads=threads) for F in (X, Y)]
    everywhere = float((grams[0] * grams[1]).sum())
    return observed + everywhere + w.regularization * float(sum(np.trace(g) for g in grams))


def dense_loss(rows: Rows, X: npt.NDArray[Any], Y: npt.NDArray[Any], w: Weights) -> float:
    """Return L cell by cell, for tiny matrices."""
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    C, P = _dense(rows, w)
    fit = (C * (P - X @ Y.T) ** 2).sum()
    return float(fit + w.regularization * ((X**2).sum() + (Y**2).sum()))


def solved(rows: Rows, Y: npt.NDArray[Any], w: Weights, *, items: bool = False) -> Floats:
    """Return the minimum of L over the users with items fixed, or over the items."""
    C, P = _dense(rows, w)
    if items:
        C, P = C.T, P.T
    Y = Y.astype(np.float64)
    ridge = w.regularization * np.eye(Y.shape[1])
    return np.stack(
        [np.linalg.solve((Y.T * c) @ Y + ridge, Y.T @ (c * p)) for c, p in zip(C, P, strict=True)]
    )


def _dense(rows: Rows, w: Weights) -> tuple[Floats, Floats]:
    """Return confidence and preference of every cell."""
    C, P = np.ones((rows.n_rows, rows.n_columns)), np.zeros((rows.n_rows, rows.n_columns))
    row = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
    C[row, rows.indices] += w.alpha * rows.values
    P[row, rows.indices] = 1
    return C, P
