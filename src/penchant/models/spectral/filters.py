"""Linear filters of histories on the graph of items, without an items × items matrix."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_SLAB = 512  # items that are transposed at a time: they fit into the cache


def degrees(X: Csr) -> tuple[F64, F64]:
    """Return the sums of the absolute values of each row and of each column."""
    sizes = np.abs(X.values).astype(np.float64)
    return _sums(sizes, X.row_of_entry, X.n_rows), _sums(sizes, X.indices, X.n_columns)


def powers(values: F64, exponent: float) -> F64:
    """Return values raised to a power; 0 where they are 0."""
    return np.power(values, exponent, out=np.zeros_like(values), where=values > 0)


def scaled(X: Csr, rows: F64, columns: F64) -> Csr:
    """Return diag(rows) X diag(columns)."""
    values = X.values * rows[X.row_of_entry] * columns[X.indices]
    return dataclasses.replace(X, values=values.astype(np.float32))


class ItemGraph:
    """The graph of items P = R̃ᵀR̃, kept as the normalized interactions R̃.

    Its product with a vector takes as many operations as there are interactions, twice.

    Parameters
    ----------
    normalized
        R̃, users × items.
    """

    def __init__(self, normalized: Csr) -> None:
        self._by_user, self._by_item = normalized, normalized.transpose()

    def apply(self, signals: npt.NDArray[Any], threads: int | None) -> npt.NDArray[Any]:
        """Compute P S, shape (n_items, b), of the type of S, float32 or float64."""
        users = _kernels.block_product(
            _parts(self._by_user), signals, validated=True, threads=threads
        )
        return self._to_items(users, threads)

    def apply_to_rows(self, rows: Csr, threads: int | None) -> F32:
        """Compute P Xᵀ, float32, shape (n_items, b), for b sparse rows X."""
        users = _kernels.sparse_product(
            _parts(rows),
            _parts(self._by_item),
            self._by_user.n_rows,
            validated=True,
            threads=threads,
        )
        return np.asarray(self._to_items(np.ascontiguousarray(users.T), threads))

    def diagonal(self) -> F64:
        """Return p_ii of each item."""
        squares = self._by_user.values.astype(np.float64) ** 2
        return _sums(squares, self._by_user.indices, self._by_user.n_columns)

    def _to_items(self, users: npt.NDArray[Any], threads: int | None) -> npt.NDArray[Any]:
        return _kernels.block_product(_parts(self._by_item), users, validated=True, threads=threads)


@dataclass(frozen=True)
class Filter:
    """The linear map from a history x to the scores of all items.

    With y = (1 − c) P x + c D_out V H Vᵀ D_in x the scores are (I − τ P)ˢ y. With ``graph_scale``
    the first term is of D_in x, too.

    Attributes
    ----------
    graph
        P; None if it is not used.
    vectors
        V, float32, shape (n_items, f).
    weights
        The diagonal of H, shape (f,).
    scale_in, scale_out
        The diagonals of D_in and D_out, shape (n_items,).
    graph_scale
        The diagonal that scales histories before P, shape (n_items,).
    low_pass
        c, from 0 to 1.
    step, steps
        τ and s.
    """

    graph: ItemGraph | None
    vectors: F32
    weights: F64
    scale_in: F64
    scale_out: F64
    graph_scale: F64
    low_pass: float
    step: float
    steps: int

    def queries(self, rows: Csr, threads: int | None) -> F32:
        """Compute c H Vᵀ D_in x of each row, float32, shape (b, f)."""
        own = _times_columns(rows, self.scale_in)
        projected = _kernels.block_product(
            _parts(own), self.vectors, validated=True, threads=threads
        )
        return projected * (self.low_pass * self.weights).astype(np.float32)

    @property
    def item_vectors(self) -> F32:
        """D_out V, float32, shape (n_items, f)."""
        return self.vectors * self.scale_out[:, None].astype(np.float32)

    def scores(self, rows: Csr, item_vectors: F32, threads: int | None) -> F32:
        """Compute the scores of some histories, float32, shape (b, n_items)."""
        low = None
        if self.low_pass > 0:
            queries = self.queries(rows, threads)
            low = _kernels.factor_scores(queries, item_vectors, threads=threads)
            if self.graph is None:
                return low
        assert self.graph is not None
        own = _times_columns(rows, (1 - self.low_pass) * self.graph_scale)
        signals = self.graph.apply_to_rows(own, threads)
        if low is not None:
            _add_transposed(signals, low)
        for _ in range(self.steps):
            signals -= np.float32(self.step) * self.graph.apply(signals, threads)
        out = np.zeros((rows.n_rows, len(self.vectors)), np.float32)
        _add_transposed(out, signals)
        return out

    def weights_of(self, item: int, threads: int | None) -> F64:
        """Compute what each item of a history adds to the score of an item, shape (n_items,)."""
        signal = np.zeros((len(self.vectors), 1))
        signal[item] = 1
        if self.graph is not None:
            for _ in range(self.steps):
                signal -= self.step * self.graph.apply(signal, threads)
        total = np.zeros(len(self.vectors))
        if self.low_pass > 0:
            spectrum = (self.scale_out * signal[:, 0]) @ self.vectors
            total += self.low_pass * self.scale_in * (self.vectors @ (self.weights * spectrum))
        if self.graph is not None:
            graph = self.graph.apply(signal, threads)[:, 0]
            total += (1 - self.low_pass) * self.graph_scale * graph
        return total

    def unscaled(self) -> Filter:
        """Return the symmetric part K = (1 − c) P + c V H Vᵀ, whose cosines compare items."""
        ones = np.ones(len(self.vectors))
        return dataclasses.replace(
            self, scale_in=ones, scale_out=ones, graph_scale=ones, steps=0, step=0.0
        )

    def diagonal(self) -> F64:
        """Return k_ii of :meth:`unscaled` for each item."""
        total = self.low_pass * (self.vectors.astype(np.float64) ** 2 @ self.weights)
        if self.graph is not None:
            total += (1 - self.low_pass) * self.graph.diagonal()
        return np.asarray(total)


def _sums(values: F64, codes: npt.NDArray[Any], n: int) -> F64:
    return np.asarray(np.bincount(codes, weights=values, minlength=n), dtype=np.float64)


def _parts(matrix: Csr) -> _kernels.SparseRows:
    return matrix.indptr, matrix.indices, matrix.values


def _times_columns(rows: Csr, scale: F64) -> Csr:
    values = (rows.values * scale[rows.indices]).astype(np.float32)
    return dataclasses.replace(rows, values=values)


def _add_transposed(to: F32, matrix: F32) -> None:
    """Add the transpose of a matrix; one of both is wide, the other tall."""
    if to.shape[0] > to.shape[1]:
        for start in range(0, len(to), _SLAB):
            to[start : start + _SLAB] += matrix[:, start : start + _SLAB].T
    else:
        for start in range(0, len(matrix), _SLAB):
            to[:, start : start + _SLAB] += matrix[start : start + _SLAB].T
