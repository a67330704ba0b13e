"""Inner products of vectors that are kept dense or sparse, as scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from penchant.data.csr import Csr
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.index import ItemIndex
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, Scorer

if TYPE_CHECKING:
    from penchant.models._scoring.normalize import Vectors

_DENSE_FROM = 0.1  # share of nonzero numbers from which vectors are kept dense


def to_vectors(rows: Csr) -> Vectors:
    """Return rows as vectors, dense if at least a tenth of the numbers is nonzero; float32."""
    matrix = rows.to_scipy()
    dense = rows.nnz >= _DENSE_FROM * rows.n_rows * rows.n_columns
    return freeze(matrix.toarray()) if dense else matrix


def inner_scorer(queries: Vectors, items: Vectors | ItemIndex, threads: int | None) -> Scorer:
    """Return a scorer whose scores are inner products; both sides dense, or both sparse."""
    if isinstance(items, ItemIndex):
        return FactorScorer(queries, items, threads=threads)
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
