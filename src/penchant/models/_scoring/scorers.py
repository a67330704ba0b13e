"""Scorers: top-k lists, ranks and single scores of a model, block by block.

A model exposes its scores through a :class:`Scorer` only; the matrix queries × items is never
held as a whole.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant._blas import one_blas_thread
from penchant._boundary import checked_methods
from penchant.data.interactions import Csr
from penchant.errors import SettingsError
from penchant.models._scoring.index import ItemIndex

BLOCK_BYTES = 64 << 20
"""The size of a block of dense scores, at most."""


@dataclass(frozen=True)
class TopK:
    """The best items of each query, best first; of equal scores the lower item code comes first.

    Attributes
    ----------
    indptr
        int64, shape (n_queries + 1,): a query with fewer than k candidates has fewer rows.
    indices
        int32: item codes.
    scores
        float32.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]

    @classmethod
    def merge(cls, parts: Sequence[tuple[npt.NDArray[Any], TopK]]) -> TopK:
        """Merge lists of disjoint queries (int codes beside each part) that make up all queries."""
        counts = np.zeros(sum(len(rows) for rows, _ in parts), dtype=np.int64)
        for rows, part in parts:
            counts[rows] = np.diff(part.indptr)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices = np.empty(indptr[-1], dtype=np.int32)
        scores = np.empty(indptr[-1], dtype=np.float32)
        for rows, part in parts:
            shift = np.repeat(indptr[rows] - part.indptr[:-1], counts[rows])
            place = shift + np.arange(len(shift))
            indices[place], scores[place] = part.indices, part.scores
        return cls(indptr, indices, scores)


@dataclass(frozen=True)
class Ranks:
    """The ranks of the target items of each query among its candidates.

    Attributes
    ----------
    above
        int32, shape (targets.nnz,): candidates that score higher.
    tied
        int32, shape (targets.nnz,): other candidates that score the same.
    candidates
        int64, shape (n_queries,): the number of candidates of a query, its targets included.
    """

    above: npt.NDArray[np.int32]
    tied: npt.NDArray[np.int32]
    candidates: npt.NDArray[np.int64]


class Scorer(ABC):
    """The scores of some queries for all items.

    A score of NaN or −∞ means that the model does not score the cell: such an item is never
    in a list, and ranks last.

    Attributes
    ----------
    n_queries, n_items
        The shape of the score matrix.
    threads
        The number of threads; None: all cores this process may use.
    may_build
        Whether :meth:`top_k` may build the pruning index of the items when it has been called
        often. That takes as long as dozens of queries: a server sets it to False and calls
        :meth:`prepare` in a background thread.
    """

    n_queries: int
    n_items: int
    threads: int | None = None
    may_build: bool = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        checked_methods(cls)

    @property
    def sources(self) -> Sequence[str] | None:
        """The name of the model that answers each query, where there are several; else None."""
        return None

    @abstractmethod
    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """Return the k best candidates of each query.

        Parameters
        ----------
        k
            The number of items, 1 or more.
        exclude
            Items each query must not get (rows are queries); values don't matter.
        allow
            The only items each query may get; None: all.

        Raises
        ------
        SettingsError
            If k is below 1.
        """

    @abstractmethod
    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """Return the rank of each target among the items that are not excluded.

        A target is a candidate even if ``exclude`` holds it.
        """

    @abstractmethod
    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """Return the scores of some cells (rows are queries): float32, shape (cells.nnz,).

        They equal those of :meth:`top_k`, bit for bit.
        """

    @abstractmethod
    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """Return Σ over all items of the squared score: float64, shape (n_queries,)."""

    def prepare(self) -> None:  # noqa: B027 — most scorers have no index
        """Build the pruning index of the items, for this scorer and the next ones."""

    @abstractmethod
    def take(self, rows: npt.NDArray[Any]) -> Scorer:
        """Return the scorer of some queries only (rising int codes)."""

    @abstractmethod
    def take_items(self, items: npt.NDArray[Any]) -> Scorer:
        """Return the scorer of some items only (int codes), renumbered 0…n−1."""

    def dense(self, span: slice) -> npt.NDArray[np.float32]:
        """Return all scores of a range of queries: float32, shape (its length, n_items)."""
        rows = np.arange(span.start, span.stop)
        whole = Csr(
            np.arange(len(rows) + 1, dtype=np.int64) * self.n_items,
            np.tile(np.arange(self.n_items, dtype=np.int32), len(rows)),
            np.zeros(len(rows) * self.n_items, dtype=np.float32),
            self.n_items,
        )
        return self.take(rows).at(whole).reshape(len(rows), self.n_items)


class FactorScorer(Scorer):
    """Scores that are dot products, computed natively on all cores.

    Parameters
    ----------
    queries, factors
        Shapes (n_queries, f) and (n_items, f), float32 or float64. If either is float64, all is
        computed and sorted in float64; only the scores reported are float32.
        ``factors`` may be the index of a model that holds them: large catalogs are then searched
        by its pruning index, with the same answers.
    threads
        The number of threads; None: all cores this process may use.

    Raises
    ------
    ValueError
        If the numbers of factors differ.
    """

    def __init__(
        self,
        queries: npt.NDArray[Any],
        factors: npt.NDArray[Any] | ItemIndex,
        *,
        threads: int | None = None,
    ) -> None:
        self.index = factors if isinstance(factors, ItemIndex) else None
        vectors = factors.vectors if isinstance(factors, ItemIndex) else factors
        if queries.ndim != 2 or vectors.ndim != 2 or queries.shape[1] != vectors.shape[1]:
            raise ValueError(f"queries {queries.shape} don't fit factors {vectors.shape}")
        self.queries, self.threads = queries, threads
        self.factors = np.ascontiguousarray(vectors)  # once, not in every call of a kernel
        self.n_queries, self.n_items = len(queries), len(vectors)

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`; repeated calls build the pruning index of an item index."""
        k, pruning = _checked(k), None
        same_dtype = self.queries.dtype == self.factors.dtype
        if self.index is not None and allow is None and same_dtype:
            pruning = self.index.pruning(self.n_queries, self.threads, build=self.may_build)
        return TopK(
            *_kernels.factor_top_k(
                self.queries,
                self.factors,
                k,
                _rows(exclude),
                _rows(allow),
                index=pruning,
                threads=self.threads,
            )
        )

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        rows = targets.indptr, targets.indices
        return Ranks(
            *_kernels.factor_ranks(
                self.queries, self.factors, rows, _rows(exclude), threads=self.threads
            )
        )

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        rows = cells.indptr, cells.indices
        return _kernels.score_pairs(self.queries, self.factors, rows, threads=self.threads)

    def dense(self, span: slice) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.dense`."""
        if self.queries.dtype != np.float32 or self.factors.dtype != np.float32:
            return super().dense(span)
        return _kernels.factor_scores(self.queries[span], self.factors, threads=self.threads)

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """Compute Σ_i (x·y_i)² as xᵀ(YᵀY)x in float64, without single scores."""
        YtY = _kernels.gram(self.factors, threads=_kernels.thread_count(self.threads))
        out = np.empty(self.n_queries)
        with one_blas_thread():
            step = max(1, BLOCK_BYTES // max(8 * len(YtY), 1))
            for start in range(0, self.n_queries, step):
                part = slice(start, start + step)
                block = self.queries[part].astype(np.float64)
                out[part] = np.einsum("uf,uf->u", block @ YtY, block)
        return out

    def prepare(self) -> None:
        """See :meth:`Scorer.prepare`."""
        if self.index is not None:
            self.index.prepare(self.threads)

    def take(self, rows: npt.NDArray[Any]) -> FactorScorer:
        """See :meth:`Scorer.take`."""
        taken = copy.copy(self)
        taken.queries = self.queries[rows]
        taken.n_queries = len(taken.queries)
        return taken

    def take_items(self, items: npt.NDArray[Any]) -> FactorScorer:
        """See :meth:`Scorer.take_items`."""
        return FactorScorer(self.queries, self.factors[items], threads=self.threads)


class BlockScorer(Scorer):
    """Scores that a model can only compute as dense blocks, a batch of queries at a time.

    Parameters
    ----------
    n_queries, n_items
        The numbers of queries and items.
    block
        Computes the scores of a range of queries: float32, shape (its length, n_items).
    batch
        Queries at a time; None: as many as fit into 64 MiB.
    threads
        The number of threads outside ``block``; None: all cores this process may use.
    """

    def __init__(
        self,
        n_queries: int,
        n_items: int,
        block: Callable[[slice], npt.NDArray[np.float32]],
        *,
        batch: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_queries, self.n_items, self.threads = n_queries, n_items, threads
        self._block = block
        self._batch = batch or max(1, BLOCK_BYTES // (4 * max(n_items, 1)))
        self._chosen: npt.NDArray[Any] = np.arange(n_queries)

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`."""
        k = _checked(k)
        parts = [
            _kernels.dense_top_k(
                scores, k, _rows(exclude, span), _rows(allow, span), threads=self.threads
            )
            for span, scores in self._batches()
        ]
        counts = [np.diff(indptr) for indptr, _, _ in parts]
        indptr = np.cumsum(np.concatenate([[0], *counts]), dtype=np.int64)
        return TopK(
            indptr,
            _joined([codes for _, codes, _ in parts], np.int32),
            _joined([scores for _, _, scores in parts], np.float32),
        )

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        parts = []
        for span, scores in self._batches():
            rows = targets.indptr[span.start : span.stop + 1], targets.indices
            ranks = _kernels.dense_ranks(scores, rows, _rows(exclude, span), threads=self.threads)
            parts.append(ranks)
        return Ranks(
            _joined([above for above, _, _ in parts], np.int32),
            _joined([tied for _, tied, _ in parts], np.int32),
            _joined([candidates for _, _, candidates in parts], np.int64),
        )

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        out = np.empty(cells.nnz, dtype=np.float32)
        for span, scores in self._batches():
            entries = slice(cells.indptr[span.start], cells.indptr[span.stop])
            counts = cells.row_counts[span]
            out[entries] = scores[np.repeat(np.arange(len(counts)), counts), cells.indices[entries]]
        return out

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """See :meth:`Scorer.sum_of_squares`."""
        out = np.empty(self.n_queries)
        for span, scores in self._batches():
            out[span] = np.einsum("ui,ui->u", scores, scores, dtype=np.float64)
        return out

    def dense(self, span: slice) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.dense`."""
        blocks = [scores for _, scores in self.take(np.arange(span.start, span.stop))._batches()]
        if len(blocks) == 1:
            return blocks[0]
        return np.concatenate([np.empty((0, self.n_items), dtype=np.float32), *blocks])

    def take(self, rows: npt.NDArray[Any]) -> BlockScorer:
        """See :meth:`Scorer.take`; batches without any of the rows are not computed."""
        taken = copy.copy(self)
        taken._chosen = self._chosen[rows]
        taken.n_queries = len(taken._chosen)
        return taken

    def take_items(self, items: npt.NDArray[Any]) -> BlockScorer:
        """See :meth:`Scorer.take_items`; the scores of the other items are computed and dropped."""
        taken, make = copy.copy(self), self._block
        taken._block = lambda span: np.ascontiguousarray(make(span)[:, items])
        taken.n_items = len(items)
        return taken

    def _batches(self) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
        """Yield ranges of the chosen queries, and their scores."""
        start = 0
        while start < self.n_queries:
            first = int(self._chosen[start])
            stop = int(np.searchsorted(self._chosen, first + self._batch))
            chosen = self._chosen[start:stop] - first
            scores = self._block(slice(first, first + int(chosen[-1]) + 1))
            if len(chosen) < len(scores):
                scores = scores[chosen]
            yield slice(start, stop), scores
            start = stop


def _checked(k: int) -> int:
    if k < 1:
        raise SettingsError(f"k must be 1 or more, got {k}")
    return k


def _rows(csr: Csr | None, span: slice | None = None) -> _kernels.Rows | None:
    """Return rows as the kernels take them; a range shares the indices."""
    if csr is None:
        return None
    indptr = csr.indptr if span is None else csr.indptr[span.start : span.stop + 1]
    return indptr, csr.indices


def _joined(parts: list[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
