"""Scores that are a product of sparse matrices."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BlockScorer, Ranks, Scorer, TopK, _checked, _rows

_QUERIES_AT_ONCE = 4096


class SparseScorer(Scorer):
    """Scores left · right of two sparse matrices, computed natively on all cores.

    Parameters
    ----------
    left
        Queries × n: a matrix; or a function that computes some of its rows (int codes), for one
        that would be large as a whole.
    right
        n × items.
    n_queries
        The number of queries; None: the rows of ``left``.
    threads
        The number of threads; None: all cores this process may use.
    """

    def __init__(
        self,
        left: Csr | Callable[[npt.NDArray[Any]], Csr],
        right: Csr,
        *,
        n_queries: int | None = None,
        threads: int | None = None,
    ) -> None:
        self._left: Callable[[npt.NDArray[Any]], Csr]
        if isinstance(left, Csr):
            self._left, n_queries = left.take_rows, left.n_rows
        else:
            self._left = left
        self._right, self.threads = right, threads
        self._chosen: npt.NDArray[Any] = np.arange(n_queries or 0)
        self.n_queries, self.n_items = len(self._chosen), right.n_columns

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`."""
        k = _checked(k)
        parts = []
        for span, left in self._batches():
            lists = _kernels.sparse_top_k(
                product(left, self._right),
                k,
                _rows(exclude, span),
                _rows(allow, span),
                threads=self.threads,
            )
            parts.append((np.arange(span.start, span.stop), TopK(*lists)))
        return TopK.merge(parts)

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        above, tied = (np.empty(targets.nnz, dtype=np.int32) for _ in range(2))
        candidates = np.empty(self.n_queries, dtype=np.int64)
        for span, left in self._batches():
            entries = slice(targets.indptr[span.start], targets.indptr[span.stop])
            above[entries], tied[entries], candidates[span] = _kernels.sparse_ranks(
                product(left, self._right),
                (targets.indptr[span.start : span.stop + 1], targets.indices),
                _rows(exclude, span),
                threads=self.threads,
            )
        return Ranks(above, tied, candidates)

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        return self._blocks().at(cells)

    def dense(self, span: slice) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.dense`."""
        return self._blocks().dense(span)

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """See :meth:`Scorer.sum_of_squares`."""
        return self._blocks().sum_of_squares()

    def take(self, rows: npt.NDArray[Any]) -> SparseScorer:
        """See :meth:`Scorer.take`."""
        taken = copy.copy(self)
        taken._chosen = self._chosen[rows]
        taken.n_queries = len(taken._chosen)
        return taken

    def take_items(self, items: npt.NDArray[Any]) -> Scorer:
        """See :meth:`Scorer.take_items`."""
        if (np.diff(items) <= 0).any():
            return self._blocks().take_items(items)
        taken = copy.copy(self)
        taken._right, taken.n_items = self._right.take_columns(items), len(items)
        return taken

    def _batches(self) -> Iterator[tuple[slice, Csr]]:
        """Yield ranges of queries, and their rows of the left matrix."""
        for start in range(0, self.n_queries, _QUERIES_AT_ONCE):
            span = slice(start, min(start + _QUERIES_AT_ONCE, self.n_queries))
            yield span, self._left(self._chosen[span])

    def _blocks(self) -> BlockScorer:
        """Return the same scores, bit for bit, from dense blocks."""
        right = self._right

        def block(span: slice) -> npt.NDArray[np.float32]:
            left = self._left(self._chosen[span])
            return _kernels.sparse_product(
                sparse_rows(left),
                sparse_rows(right),
                right.n_columns,
                validated=left.is_validated and right.is_validated,
                threads=self.threads,
            )

        return BlockScorer(self.n_queries, self.n_items, block, threads=self.threads)


def sparse_rows(matrix: Csr) -> _kernels.SparseRows:
    """Return a matrix as the kernels take it."""
    return matrix.indptr, matrix.indices, matrix.values


def product(left: Csr, right: Csr) -> _kernels.SparseScores:
    """Return the product of two matrices as the kernels of scores take it."""
    validated = left.is_validated and right.is_validated
    return _kernels.SparseScores(sparse_rows(left), sparse_rows(right), right.n_columns, validated)
