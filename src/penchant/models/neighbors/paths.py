"""Scores by paths from a history over users to items, without similarities of items."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer, sparse_rows
from penchant.models.neighbors.similarity import RowSimilarity


class Paths:
    """Scores of linear similarities that take too much memory to be kept.

    Σ_i q_i s_ij = Σ_u (Σ_i q_i w_iu) v_uj − q_j w_j·v_j: two sparse products for each query, and
    the similarity of an item to itself is subtracted.
    """

    def __init__(self, items: Csr, similarity: RowSimilarity) -> None:
        import scipy.sparse as sp

        self._sources = similarity.weigh(items)
        own = sp.diags_array(similarity.diagonal.astype(np.float32))
        self._targets = _from_scipy(sp.vstack([similarity.targets.to_scipy(), own], format="csr"))

    def scorer(self, rows: Csr, threads: int | None) -> Scorer:
        """Return the scores of all items for histories (values x)."""
        import scipy.sparse as sp

        sources = self._sources

        def left(codes: npt.NDArray[Any]) -> Csr:
            queries = rows.take_rows(codes)
            product = _kernels.spgemm(
                sparse_rows(queries), sparse_rows(sources), sources.n_columns, threads=threads
            )
            assert product is not None  # the number of entries is not limited
            users = Csr(*product, sources.n_columns).to_scipy()
            return _from_scipy(sp.hstack([users, -queries.to_scipy()], format="csr"))

        return SparseScorer(left, self._targets, n_queries=rows.n_rows, threads=threads)


def _from_scipy(matrix: Any) -> Csr:
    indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    return Csr(indptr, indices, matrix.data.astype(np.float32), matrix.shape[1])
