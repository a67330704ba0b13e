"""The item index of a model: its vectors, normalized vectors, and the pruning index.

Results that are derived from read-only vectors are computed once and kept with the vectors.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.normalize import normalize

Array = npt.NDArray[Any]

MIN_ITEMS = 4096
"""Catalogs with fewer items are scanned: a pruning index is not worth its memory."""

BUILD_AFTER = 32
"""Single queries that take as long without the pruning index as it takes to build it."""

_SMALL_BATCH = 4
"""Larger batches pack all items first, which takes as long as half a build."""


class ItemIndex:
    """The vectors that queries are scored against, with their derived data.

    The vectors are those of items, or of users for similar users. While the array is writeable,
    everything is computed in each call. Safe to use from several threads.

    Parameters
    ----------
    vectors
        Float32 or float64, shape (n, f).
    source
        The array that the vectors were computed from, see :meth:`is_of`; None: they themselves.
    """

    def __init__(self, vectors: Array, source: Array | None = None) -> None:
        self.source = vectors if source is None else source
        self.vectors = np.ascontiguousarray(vectors)  # once, not in every call of a kernel
        if not vectors.flags.writeable:
            freeze(self.vectors)  # perhaps a copy
        self._normalized: ItemIndex | None = None
        self._pruning: _kernels.FactorIndex | None = None
        self._n_queries = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[ItemIndex], tuple[Array]]:
        """Pickle the vectors alone; the rest is computed again when needed."""
        return ItemIndex, (self.vectors,)

    def is_of(self, source: Array) -> bool:
        """Return whether the index was made from this array object and the array is read-only."""
        return self.source is source and not source.flags.writeable

    @property
    def is_final(self) -> bool:
        """Whether the vectors are read-only."""
        return not self.vectors.flags.writeable

    @property
    def normalized(self) -> ItemIndex:
        """The index of the vectors divided by their lengths, by which dot products are cosines."""
        if not self.is_final:
            return ItemIndex(normalize(self.vectors))
        index = self._normalized
        if index is None:  # otherwise return without waiting for the lock
            with self._lock:
                index = self._normalized
                if index is None:
                    index = self._normalized = ItemIndex(freeze(normalize(self.vectors)))
        return index

    def pruning(
        self, n_queries: int, threads: int | None, *, build: bool = True
    ) -> _kernels.FactorIndex | None:
        """Return the native pruning index, or None where there is none (yet).

        It is built once the queries of several calls took about as long as building it. Calls
        from other threads do not wait for it meanwhile.

        Parameters
        ----------
        n_queries
            How many queries are about to be answered.
        threads
            How many to build with; None: all cores this process may use.
        build
            False: never build now. It takes as long as dozens of queries, so that a server
            leaves it to :meth:`prepare` in a background thread.
        """
        if not self.is_final or len(self.vectors) < MIN_ITEMS:
            return None
        again = self._n_queries > 0
        cost = n_queries if n_queries <= _SMALL_BATCH else max(n_queries, BUILD_AFTER // 2)
        self._n_queries += cost
        if build and again and self._pruning is None and self._n_queries >= BUILD_AFTER:
            self._build(threads)
        return self._pruning

    def prepare(self, threads: int | None) -> None:
        """Build the pruning index now, if the vectors are read-only and many."""
        if self.is_final and len(self.vectors) >= MIN_ITEMS:
            self._n_queries = max(self._n_queries, BUILD_AFTER)
            self._build(threads)

    def _build(self, threads: int | None) -> None:
        """Build the pruning index, unless another thread is building it."""
        if self._lock.acquire(blocking=False):
            try:
                if self._pruning is None:
                    self._pruning = _kernels.factor_index(self.vectors, threads=threads)
            finally:
                self._lock.release()


class IndexSet:
    """The indexes that a model owns, by name; one is replaced when its source array is."""

    def __init__(self) -> None:
        self._indexes: dict[str, ItemIndex] = {}

    def get(
        self, name: str, source: Array, make: Callable[[Any], Array] | None = None
    ) -> ItemIndex:
        """Return the index called ``name`` of ``make(source)``, kept while the source is final.

        Parameters
        ----------
        name
            Such as ``"items"``.
        source
            An array of the model.
        make
            How the vectors are computed from it; None: they are the source.
        """
        index = self._indexes.get(name)
        if index is not None and index.is_of(source):
            return index
        with _CREATING:
            index = self._indexes.get(name)
            if index is None or not index.is_of(source):
                index = _created(source, make)
                if not source.flags.writeable:
                    self._indexes[name] = index
        return index


_CREATING = threading.Lock()


def _created(source: Array, make: Callable[[Any], Array] | None) -> ItemIndex:
    if source.flags.writeable:
        return ItemIndex(source if make is None else make(source))
    return ItemIndex(source) if make is None else ItemIndex(freeze(make(source)), source)
