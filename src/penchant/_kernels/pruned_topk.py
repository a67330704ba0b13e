"""Facade of ``pruned_topk.hpp``: the k best items of each query, from factors."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.scores import factor_pair
from penchant._kernels.topk import TopKArrays

FactorIndex: TypeAlias = "_native.FactorIndex32 | _native.FactorIndex64"
"""See :func:`factor_index`."""

_PRUNE_MODES = {
    None: _native.PruneMode.automatic,
    False: _native.PruneMode.never,
    True: _native.PruneMode.always,
}


def factor_top_k(
    queries: npt.NDArray[Any],
    items: npt.NDArray[Any],
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    prune: bool | None = None,
    index: FactorIndex | None = None,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """Find the k best items of each query by q·y: row pointers, item codes, scores; best first.

    Parameters
    ----------
    queries, items
        Shapes (m, f) and (n, f), both float32 or both float64.
    k
        1 or more. Rows are shorter where there are fewer candidates.
    exclude, allow
        Rows (one per query) of items that are no candidates, and of the only ones that are.
    prune
        Whether to rule items out by quantized factors before they are scored; None: where it is
        expected to save time. The result is the same, bit for bit.
    index
        The index that :func:`factor_index` made of these items, unchanged since; None: one is
        made for this call where it is needed. Several threads may use an index at once.
    threads
        The number of threads; None: see :func:`thread_count`.

    Raises
    ------
    ValueError
        If shapes differ, or a row holds columns that do not rise or are not below n.
    TypeError
        If the index is of another precision.
    """
    queries, items = factor_pair(queries, items)
    lists = TopKArrays(len(queries), min(int(k), len(items)))
    _factor_top_k(
        queries,
        items,
        exclude=native_rows(exclude, len(queries)),
        allow=None if allow is None else native_rows(allow, len(queries)),
        codes=lists.codes,
        scores=lists.scores,
        counts=lists.counts,
        prune=_PRUNE_MODES[None if prune is None else bool(prune)],
        index=index,
        threads=thread_count(threads),
    )
    return lists.ragged()


_factor_top_k: Any = _native.factor_top_k  # overloaded by precision, known only at run time


def factor_index(items: npt.NDArray[Any], *, threads: int | None = None) -> FactorIndex:
    """Make the index by which :func:`factor_top_k` rules items out, for use in many calls.

    It holds the items' factors quantized to bytes: for n items of f factors about n (f + 10)
    bytes (``n_bytes``), for 64 factors 29 % of what float32 takes. Making it takes about as long
    as scoring all items for thirty queries.

    Parameters
    ----------
    items
        float32 or float64, shape (n, f). The index keeps no reference to them.
    threads
        The number of threads; None: see :func:`thread_count`.
    """
    items, _ = factor_pair(items, items)
    if items.dtype == np.float64:
        return _native.FactorIndex64(items, threads=thread_count(threads))
    return _native.FactorIndex32(items, threads=thread_count(threads))
