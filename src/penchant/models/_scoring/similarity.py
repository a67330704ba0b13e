"""Vectors of length one, dense or sparse, and how like each other they are: their cosines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, Scorer

if TYPE_CHECKING:
    import scipy.sparse as sp

    Vectors: TypeAlias = "npt.NDArray[Any] | sp.csr_array"

_FULL = 0.1  # share of numbers that are not 0 from which vectors are kept dense


def stored(rows: Csr) -> Vectors:
    """Rows as vectors: dense if many of their numbers are not 0, else sparse; float32."""
    matrix = sparse(rows)
    full = rows.nnz >= _FULL * rows.n_rows * rows.n_columns
    return freeze(matrix.toarray()) if full else matrix


def sparse(rows: Csr) -> sp.csr_array:
    """Rows for SciPy, which shares their memory."""
    import scipy.sparse as sp

    shape = (rows.n_rows, rows.n_columns)
    return sp.csr_array((rows.values, rows.indices, rows.indptr), shape=shape)


def lengths(vectors: Vectors) -> npt.NDArray[np.float64]:
    """float64, shape (n,)."""
    if isinstance(vectors, np.ndarray):
        return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=1))
    squares = vectors.multiply(vectors).sum(axis=1, dtype=np.float64)
    return np.sqrt(np.asarray(squares, dtype=np.float64).ravel())


def unit(vectors: Vectors) -> Vectors:
    """The same of length one; a zero vector stays as it is."""
    import scipy.sparse as sp

    length = lengths(vectors)
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    if isinstance(vectors, np.ndarray):
        return (vectors * scale[:, np.newaxis]).astype(vectors.dtype)
    return sp.csr_array((sp.diags_array(scale) @ vectors).astype(np.float32))


def inner(queries: Vectors, items: Vectors, threads: int | None) -> Scorer:
    """Inner products as scores; both dense, or both sparse."""
    if isinstance(queries, np.ndarray) and isinstance(items, np.ndarray):
        return FactorScorer(queries, items, threads=threads)
    by_column: Any = items.T
    by_column = by_column.tocsr()
    return BlockScorer(
        queries.shape[0],
        items.shape[0],
        lambda rows: np.ascontiguousarray((queries[rows] @ by_column).toarray(), dtype=np.float32),
        threads=threads,
    )
