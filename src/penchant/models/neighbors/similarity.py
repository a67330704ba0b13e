"""Similarities of sparse rows to those of a matrix: weighted products, and Jaccard's.

The rows are items over users for item neighbors, and users over items for user neighbors. Every
similarity but Jaccard's is an inner product of weighted rows, w_i · v_j, so that it costs a sparse
product; shrinkage and Jaccard's similarity also need the numbers of common entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr, row_pointers
from penchant.errors import SettingsError
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models._scoring.sparse_scorer import SparseScorer, product, sparse_rows
from penchant.models.neighbors.exponents import WALKS, exponents_of
from penchant.models.neighbors.settings import NeighborSettings

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Codes = npt.NDArray[Any]

BLOCK_BYTES = 8 << 20  # of similarities at a time: they fit into the cache
MAX_BYTES = 1 << 30
"""The most memory for similarities that are kept without a limit of neighbors."""

_ENTRY_BYTES = 8
_TINY = 1e-30


class RowSimilarity:
    """Similarities of any rows to the rows of a matrix.

    Parameters
    ----------
    settings
        The model, whose settings are read.
    data
        The matrix, values x.
    transposed
        The same entries transposed, with any values; None: made from the matrix when needed.
    """

    def __init__(
        self, settings: NeighborSettings, data: Csr, transposed: Csr | None = None
    ) -> None:
        self._settings, self._data, self._transposed = settings, data, transposed
        self._kind = settings.similarity
        self._walks = self._kind in WALKS
        self.n = data.n_rows
        self._exponents = exponents_of(settings, data)
        self._only_ones = _only_ones(data)

    @cached_property
    def _by_column(self) -> Csr:
        """The entries of the matrix by columns, with any values."""
        return self._data.transpose() if self._transposed is None else self._transposed

    @cached_property
    def _column_counts(self) -> npt.NDArray[np.int64]:
        return self._by_column.row_counts

    @cached_property
    def _column_sums(self) -> F64:
        columns, size = self._data.indices, np.abs(self._data.values).astype(np.float64)
        sums = np.bincount(columns, weights=size, minlength=self._data.n_columns)
        return sums.astype(np.float64, copy=False)

    @cached_property
    def _mean_length(self) -> float:
        return float(np.abs(self._data.values).sum(dtype=np.float64)) / max(self.n, 1)

    @property
    def is_linear(self) -> bool:
        """Whether similarities are inner products of weighted rows and nothing else."""
        return self._kind != "jaccard" and not self._settings.shrinkage

    # --- weights -----------------------------------------------------------------------

    def weigh(self, rows: Csr, side: Literal["source", "target"] = "source") -> Csr:
        """Return rows with weights; w_i · v_j of sources w and targets v is the similarity."""
        values = rows.values.astype(np.float64)
        if self._kind == "jaccard":
            values = np.sign(values)
        elif self._walks:
            values = values * self._walk_scale(rows, side)
        else:
            values = self._classic(rows, values)
        return Csr(rows.indptr, rows.indices, values.astype(np.float32), rows.n_columns)

    def _walk_scale(self, rows: Csr, side: str) -> F64:
        """Return what the values of a row are multiplied by: powers of degrees."""
        exponents, of_entry = self._exponents, rows.row_of_entry
        degrees = _row_sums(rows)
        if side == "target":
            return _power(degrees, exponents.target)[of_entry]
        columns = _power(self._column_sums, exponents.common)[rows.indices]
        return columns * _power(degrees, exponents.source)[of_entry]

    def _classic(self, rows: Csr, values: F64) -> F64:
        """Return the weights of cosine, TF-IDF and BM25, which are the same on both sides."""
        settings, of_entry = self._settings, rows.row_of_entry
        if self._kind != "cosine":
            rarity = self._rarity[rows.indices]
            size = np.abs(values)
            if self._kind == "tfidf":
                size = np.sqrt(size) * rarity
            else:
                k1, b = settings.k1, settings.b
                total = np.bincount(of_entry, weights=size, minlength=rows.n_rows)
                length = (1 - b) + b * total / max(self._mean_length, _TINY)
                size = size * (k1 + 1) / (k1 * length[of_entry] + size) * rarity
            values = np.copysign(size, values)
        if self._kind != "bm25":
            norms = np.sqrt(np.bincount(of_entry, weights=values**2, minlength=rows.n_rows))
            values = values / np.maximum(norms, _TINY)[of_entry]
        return values

    @cached_property
    def _rarity(self) -> F64:
        """The inverse frequency of each column, at least 0."""
        seen = 1.0 + self._column_counts
        return np.asarray(np.maximum(np.log(self.n / seen), 0.0), dtype=np.float64)

    def _weights_of_ones(self, rows: Csr) -> _kernels.CommonWeights | None:
        """Return the similarity as weights of rows and columns; None if it is none."""
        if not (self.is_linear and self._only_ones and (rows is self._data or _only_ones(rows))):
            return None
        if self._walks:
            common = _power(self._column_counts, self._exponents.common)
            source = _power(rows.row_counts, self._exponents.source)
            target = _power(self._counts, self._exponents.target)
        else:
            common = np.ones(rows.n_columns) if self._kind == "cosine" else self._rarity**2
            source, target = self._scale_of_ones(rows), self._scale_of_ones(self._data)
        return _kernels.CommonWeights(
            *(weights.astype(np.float32) for weights in (common, source, target))
        )

    def _scale_of_ones(self, rows: Csr) -> F64:
        """Return what the inverse frequencies of a row's ones are multiplied by."""
        if self._kind == "bm25":
            k1, b = self._settings.k1, self._settings.b
            length = (1 - b) + b * rows.row_counts / max(self._mean_length, _TINY)
            return np.asarray((k1 + 1) / (k1 * length + 1))
        if self._kind == "cosine":
            return _power(rows.row_counts, 0.5)
        squares = _kernels.block_product(
            (rows.indptr, rows.indices, None),
            self._rarity[:, None] ** 2,
            validated=rows.is_validated,
            threads=self._settings.threads,
        )
        return np.asarray(1 / np.maximum(np.sqrt(squares[:, 0]), _TINY))

    @cached_property
    def targets(self) -> Csr:
        """The weighted rows of the matrix as targets, transposed."""
        return self.weigh(self._data, "target").transpose()

    @cached_property
    def diagonal(self) -> F64:
        """The similarity of each row of the matrix to itself, float64, shape (n,)."""
        source, target = (self.weigh(self._data, side).values for side in ("source", "target"))
        products = source.astype(np.float64) * target
        sums = np.bincount(self._data.row_of_entry, weights=products, minlength=self.n)
        return sums.astype(np.float64, copy=False)

    @cached_property
    def _counts(self) -> npt.NDArray[np.int64]:
        return self._data.row_counts

    # --- similarities ------------------------------------------------------------------

    def nearest(self, rows: Csr, k: int, exclude: Csr) -> Csr:
        """Return the k greatest positive similarities of each row, greatest first."""
        weights = self._weights_of_ones(rows)
        if weights is not None:
            nearest = _kernels.nearest_by_cooccurrence(
                (rows.indptr, rows.indices),
                (self._by_column.indptr, self._by_column.indices),
                weights,
                k,
                (exclude.indptr, exclude.indices),
                validated=rows.is_validated and self._by_column.is_validated,
                threads=self._settings.threads,
            )
            return Csr(*nearest, self.n)
        block = self._own_products(rows)
        if block is not None:
            lists = exclude.indptr, exclude.indices
            indptr, codes, values = _kernels.dense_top_k(
                block, k, lists, threads=self._settings.threads
            )
        elif self.is_linear:
            indptr, codes, values = _kernels.sparse_top_k(
                product(self.weigh(rows), self.targets),
                k,
                (exclude.indptr, exclude.indices),
                nonzero=True,
                threads=self._settings.threads,
            )
        else:
            top = self._block_scorer(rows).top_k(k, exclude=exclude)
            indptr, codes, values = top.indptr, top.indices, top.scores
        positive = values > 0
        indptr = np.concatenate([[0], np.cumsum(positive)])[indptr].astype(np.int64)
        return Csr(indptr, codes[positive], values[positive], self.n)

    def all_of(self, rows: Csr, exclude: Csr, max_bytes: int | None = None) -> Csr | None:
        """Return all similarities of each row but zeros; None if they take more memory."""
        limit = None if max_bytes is None else max_bytes // _ENTRY_BYTES
        if not self.is_linear:
            return self._all_by_blocks(rows, exclude, limit)
        block = self._own_products(rows)
        if block is not None:
            block[exclude.row_of_entry, exclude.indices] = 0
            return Csr(*_kernels.nonzero_entries(block, threads=self._settings.threads), self.n)
        weighted = self.weigh(rows)
        entries = _kernels.spgemm(
            sparse_rows(weighted),
            sparse_rows(self.targets),
            self.n,
            exclude=(exclude.indptr, exclude.indices),
            max_entries=limit,
            validated=weighted.is_validated and self.targets.is_validated,
            threads=self._settings.threads,
        )
        return None if entries is None else Csr(*entries, self.n)

    def _own_products(self, rows: Csr) -> F32 | None:
        """Return the similarities of all rows of the matrix, zeros on the diagonal, dense.

        None for other rows, and where the sparse product is as fast or takes less memory.
        """
        if rows is not self._data or not self.is_linear:
            return None
        ratios = None
        if self._walks:
            exponent = self._exponents.source - self._exponents.target
            ratios = _power(_row_sums(rows), exponent).astype(np.float32)
        weighted = self.weigh(rows)
        return _kernels.symmetric_product(
            sparse_rows(weighted),
            sparse_rows(self.targets),
            ratios,
            threads=self._settings.threads,
        )

    def scorer(self, rows: Csr) -> Scorer:
        """Return the similarities of rows as scores."""
        if not self.is_linear:
            return self._block_scorer(rows)
        return SparseScorer(self.weigh(rows), self.targets, threads=self._settings.threads)

    def _all_by_blocks(self, rows: Csr, exclude: Csr, limit: int | None) -> Csr | None:
        parts, total = [], 0
        for span, block in self._blocks(rows):
            excluded = exclude.take_rows(np.arange(span.start, span.stop))
            block[excluded.row_of_entry, excluded.indices] = 0
            row, column = np.nonzero(block)
            total += len(row)
            if limit is not None and total > limit:
                return None
            counts = np.bincount(row, minlength=len(block))
            parts.append((counts, column.astype(np.int32), block[row, column]))
        counts, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Csr(row_pointers(counts), columns, values, self.n)

    def _blocks(self, rows: Csr) -> Iterator[tuple[slice, F32]]:
        similarities, step = self._dense(rows), self._batch
        for start in range(0, rows.n_rows, step):
            span = slice(start, min(start + step, rows.n_rows))
            yield span, similarities(span)

    @property
    def _batch(self) -> int:
        return max(1, BLOCK_BYTES // (4 * max(self.n, 1)))

    def _block_scorer(self, rows: Csr) -> BlockScorer:
        threads = self._settings.threads
        dense = self._dense(rows)
        return BlockScorer(rows.n_rows, self.n, dense, batch=self._batch, threads=threads)

    def _dense(self, rows: Csr) -> Callable[[slice], F32]:
        """Return a function that computes the similarities of a range of rows."""
        weighted, targets, shrinkage = self.weigh(rows), self.targets, self._settings.shrinkage
        validated = weighted.is_validated and targets.is_validated

        def products(span: slice, values: F32 | None, target_values: F32 | None) -> F32:
            return _kernels.sparse_product(
                (weighted.indptr[span.start : span.stop + 1], weighted.indices, values),
                (targets.indptr, targets.indices, target_values),
                self.n,
                validated=validated,
                threads=self._settings.threads,
            )

        def similarities(span: slice) -> F32:
            block = products(span, weighted.values, targets.values)
            common = products(span, None, None)
            if self._kind == "jaccard":
                union = (rows.row_counts[span, None] + self._counts).astype(np.float32)
                union -= common
                block /= np.maximum(union, 1, out=union)
            if shrinkage:
                common /= common + np.float32(shrinkage)
                block *= common
            return block

        return similarities


def _row_sums(rows: Csr) -> F64:
    size = np.abs(rows.values)
    sums = np.bincount(rows.row_of_entry, weights=size, minlength=rows.n_rows)
    return sums.astype(np.float64, copy=False)  # it counts in int64 where there are no rows


def _power(degrees: npt.NDArray[Any], exponent: float) -> F64:
    """Return d^−exponent, and 1 where the degree is 0."""
    return np.where(degrees > 0, degrees, 1.0) ** -exponent


def _only_ones(rows: Csr) -> bool:
    return bool((rows.values == 1).all())


def too_many(model: NeighborSettings) -> SettingsError:
    """Return the error about similarities that are neither kept nor computed when needed."""
    reason = f'similarity="{model.similarity}"'
    if model.similarity != "jaccard":
        reason = f"shrinkage={model.shrinkage:g}"
    return SettingsError(
        f"neighbors=None with {reason} takes more than {MAX_BYTES >> 30} GiB of memory on this "
        "data: set neighbors to the number to keep, such as 400"
    )
