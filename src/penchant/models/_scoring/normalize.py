"""Vectors of length 1, by which cosines are dot products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import scipy.sparse as sp

    Vectors: TypeAlias = "npt.NDArray[Any] | sp.csr_array"


def normalize(vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Divide vectors by their lengths, in their own precision; zero vectors stay 0.

    Parameters
    ----------
    vectors
        Float32 or float64, shape (n, f).
    """
    norms = np.sqrt(np.vecdot(vectors, vectors))[:, None]  # norm would hold all squares at once
    out: npt.NDArray[Any] = np.zeros(vectors.shape, vectors.dtype)  # pages come when written
    np.divide(vectors, norms, out=out, where=norms > 0)
    return out


def normalize_rows(vectors: Vectors) -> Vectors:
    """Divide dense or sparse vectors by their lengths, computed in float64; zero rows stay 0."""
    import scipy.sparse as sp

    norms = lengths(vectors)
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    if isinstance(vectors, np.ndarray):
        return (vectors * scale[:, np.newaxis]).astype(vectors.dtype)
    return sp.csr_array((sp.diags_array(scale) @ vectors).astype(np.float32))


def lengths(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Return the Euclidean lengths of dense or sparse vectors, float64, shape (n,)."""
    if isinstance(vectors, np.ndarray):
        return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=1))
    squares = vectors.multiply(vectors).sum(axis=1, dtype=np.float64)
    return np.sqrt(np.asarray(squares, dtype=np.float64).ravel())
