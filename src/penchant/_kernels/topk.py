"""Facade of ``topk.hpp``: the k best items of each query, from a matrix of scores."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows


def dense_top_k(
    scores: F32,
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """Find the k best items of each row of a score matrix, float32, shape (m, n).

    Other parameters and the result are those of :func:`factor_top_k`.
    """
    scores = as_native(scores, np.float32, "scores", None, None)
    lists = TopKArrays(len(scores), min(int(k), scores.shape[1]))
    _native.dense_top_k(
        scores,
        exclude=native_rows(exclude, len(scores)),
        allow=None if allow is None else native_rows(allow, len(scores)),
        codes=lists.codes,
        scores=lists.scores,
        counts=lists.counts,
        threads=thread_count(threads),
    )
    return lists.ragged()


class TopKArrays:
    """The output arrays of a top-k kernel, with room for k items per query."""

    def __init__(self, n_queries: int, k: int) -> None:
        self.codes: I32 = np.empty((n_queries, k), dtype=np.int32)
        self.scores: F32 = np.empty((n_queries, k), dtype=np.float32)
        self.counts: I32 = np.zeros(n_queries, dtype=np.int32)

    def ragged(self) -> tuple[I64, I32, F32]:
        """Return row pointers, codes and scores, without the unused room."""
        indptr = np.zeros(len(self.counts) + 1, dtype=np.int64)
        indptr[1:] = self.counts
        np.add.accumulate(indptr, out=indptr)  # np.cumsum takes twice as long for one list
        if indptr[-1] == self.codes.size:
            return indptr, self.codes.reshape(-1), self.scores.reshape(-1)
        used = np.arange(self.codes.shape[1]) < self.counts[:, None]
        return indptr, self.codes[used], self.scores[used]

    def closed(self) -> tuple[I64, I32, F32]:
        """Return the same of lists that follow each other without gaps; frees the unused room."""
        indptr = np.zeros(len(self.counts) + 1, dtype=np.int64)
        np.cumsum(self.counts, out=indptr[1:])
        for array in (self.codes, self.scores):
            array.resize(indptr[-1], refcheck=False)
        return indptr, self.codes, self.scores
