"""The kernels of scores: top-k, ranks, and what metrics are made of."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.common import F32, F64, I32, I64, as_native, thread_count

FactorIndex: TypeAlias = "_native.FactorIndex32 | _native.FactorIndex64"
"""See :func:`factor_index`."""

Rows = tuple[I64, I32]
"""Row pointers (shape (n_rows + 1,), any start) and columns that rise within a row."""


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
    """The k best items of each query by q·y: row pointers, item codes and scores, best first.

    Parameters
    ----------
    queries, items
        Shapes (m, f) and (n, f), both float32 or both float64.
    k
        1 or more. Rows are shorter where there are fewer candidates.
    exclude, allow
        Rows (a query each) of items that are no candidates, and of the only ones that are.
    prune
        Whether to rule items out by rounded factors before they are scored; None: where it should
        pay. The answers are the same, bit for bit.
    index
        What :func:`factor_index` made of these very items, unchanged since: then nothing is made
        for this call alone. Any number of threads may use it at once.
    threads
        How many to use; None: see :func:`thread_count`.

    Raises
    ------
    ValueError
        If shapes don't fit, or a row holds an item that is not there or does not rise.
    TypeError
        If the index is of another precision.
    """
    queries, items = _factor_pair(queries, items)
    m = len(queries)
    codes, scores, counts = _top_k_arrays(m, min(int(k), len(items)))
    _native.factor_top_k(
        queries,
        items,
        *_row_lists(exclude, m),
        *_optional(allow, m),
        codes,
        scores,
        counts,
        0 if prune is None else 1 + bool(prune),
        index,
        thread_count(threads),
    )
    return _ragged(codes, scores, counts)


def factor_index(items: npt.NDArray[Any], *, threads: int | None = None) -> FactorIndex:
    """What lets :func:`factor_top_k` rule items out, made once for many calls.

    It holds the items' numbers rounded to bytes: of n items of f numbers about n (f + 10) bytes
    (``n_bytes``), for 64 factors 29 % of what float32 takes. To make it takes about as long as
    to score all items for thirty queries one by one.

    Parameters
    ----------
    items
        float32 or float64, shape (n, f). Nothing of them is held on to.
    threads
        How many to use; None: see :func:`thread_count`.
    """
    items, _ = _factor_pair(items, items)
    kind = _native.FactorIndex64 if items.dtype == np.float64 else _native.FactorIndex32
    return kind(items, thread_count(threads))


def dense_top_k(
    scores: F32,
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """:func:`factor_top_k` over scores that are there already: float32, shape (m, n)."""
    scores = as_native(scores, np.float32, "scores", None, None)
    m = len(scores)
    codes, out, counts = _top_k_arrays(m, min(int(k), scores.shape[1]))
    _native.dense_top_k(
        scores,
        *_row_lists(exclude, m),
        *_optional(allow, m),
        codes,
        out,
        counts,
        thread_count(threads),
    )
    return _ragged(codes, out, counts)


def score_pairs(
    queries: npt.NDArray[Any], items: npt.NDArray[Any], cells: Rows, *, threads: int | None = None
) -> F32:
    """float32: q·y of every entry of ``cells`` (a row a query), the very numbers of top-k."""
    queries, items = _factor_pair(queries, items)
    indptr, indices = _row_lists(cells, len(queries))
    out = np.empty(int(indptr[-1] - indptr[0]), dtype=np.float32)
    _native.score_pairs(queries, items, indptr, indices, out, thread_count(threads))
    return out


def factor_scores(queries: F32, items: F32, *, threads: int | None = None) -> F32:
    """Compute q·y of all queries and items: float32, shape (m, n), the very numbers of top-k.

    Parameters
    ----------
    queries, items
        Shapes (m, f) and (n, f), float32.
    threads
        How many to use; None: see :func:`thread_count`.
    """
    queries = as_native(queries, np.float32, "queries", None, None)
    items = as_native(items, np.float32, "items", None, queries.shape[1])
    out = np.empty((len(queries), len(items)), dtype=np.float32)
    _native.factor_scores(queries, items, out, thread_count(threads))
    return out


def factor_ranks(
    queries: npt.NDArray[Any],
    items: npt.NDArray[Any],
    targets: Rows,
    exclude: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I32, I32, I64]:
    """Where targets stand by q·y among the items not excluded: above, tied, candidates.

    A target is a candidate even where ``exclude`` names it. A score of NaN counts as −∞.
    Shapes as in :func:`factor_top_k`; the first two arrays have an entry each target, the third
    one each query.
    """
    queries, items = _factor_pair(queries, items)
    m = len(queries)
    above, tied, candidates = _rank_arrays(targets)
    _native.factor_ranks(
        queries,
        items,
        *_row_lists(targets, m),
        *_row_lists(exclude, m),
        above,
        tied,
        candidates,
        thread_count(threads),
    )
    return above, tied, candidates


def dense_ranks(
    scores: F32, targets: Rows, exclude: Rows | None = None, *, threads: int | None = None
) -> tuple[I32, I32, I64]:
    """:func:`factor_ranks` over scores that are there already: float32, shape (m, n)."""
    scores = as_native(scores, np.float32, "scores", None, None)
    m = len(scores)
    above, tied, candidates = _rank_arrays(targets)
    _native.dense_ranks(
        scores,
        *_row_lists(targets, m),
        *_row_lists(exclude, m),
        above,
        tied,
        candidates,
        thread_count(threads),
    )
    return above, tied, candidates


def ranking_gains(
    lists: Rows, relevant: Rows, k: int, n_items: int, *, threads: int | None = None
) -> tuple[I32, I32, F64, F64]:
    """What ranking metrics are made of, an entry a list, from its first k answers.

    Returns
    -------
    hits, first, dcg, precisions
        Relevant answers (int32); the place of the first, from 1, or 0 (int32); the sums over the
        hits of 1 / log2(place + 1) and of the precision at their place (float64).
    """
    m = len(lists[0]) - 1
    hits, first = np.empty(m, dtype=np.int32), np.empty(m, dtype=np.int32)
    dcg, precisions = np.empty(m, dtype=np.float64), np.empty(m, dtype=np.float64)
    _native.ranking_gains(
        *_row_lists(lists, m),
        *_row_lists(relevant, m),
        int(k),
        int(n_items),
        hits,
        first,
        dcg,
        precisions,
        thread_count(threads),
    )
    return hits, first, dcg, precisions


def bootstrap_sums(values: F64, *, resamples: int, seed: int, threads: int | None = None) -> F64:
    """Sums of columns over rows drawn with replacement, as many as there are, again and again.

    Parameters
    ----------
    values
        float64, shape (n, n_columns); all columns share the same draws.
    resamples
        How many times.
    seed
        0…2⁶⁴ − 1; the same one gives the same draws, whatever the threads.

    Returns
    -------
    ndarray
        float64, shape (resamples, n_columns).
    """
    values = as_native(values, np.float64, "values", None, None)
    if len(values) >= 2**32:
        raise ValueError(f"there can be at most {2**32 - 1} rows, got {len(values)}")
    out = np.empty((resamples, values.shape[1]), dtype=np.float64)
    _native.bootstrap_sums(values, seed, out, thread_count(threads))
    return out


def _top_k_arrays(n_queries: int, k: int) -> tuple[I32, F32, I32]:
    """Room for k answers a query, as native code fills it: codes, scores, counts."""
    codes = np.empty((n_queries, k), dtype=np.int32)
    return codes, np.empty((n_queries, k), dtype=np.float32), np.zeros(n_queries, dtype=np.int32)


def _ragged(codes: I32, scores: F32, counts: I32) -> tuple[I64, I32, F32]:
    """The same without the room that was not used: row pointers, codes, scores."""
    indptr = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    if indptr[-1] == codes.size:
        return indptr, codes.reshape(-1), scores.reshape(-1)
    there = np.arange(codes.shape[1]) < counts[:, None]
    return indptr, codes[there], scores[there]


def _factor_pair(
    queries: npt.NDArray[Any], items: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Both as C-ordered arrays of one precision, float64 if either has it."""
    double = np.result_type(queries, items) == np.float64
    dtype = np.float64 if double else np.float32
    items = as_native(items, dtype, "items", None, None)
    return as_native(queries, dtype, "queries", None, items.shape[1]), items


def _row_lists(rows: Rows | None, n_rows: int) -> Rows:
    if rows is None:
        return np.zeros(n_rows + 1, dtype=np.int64), np.empty(0, dtype=np.int32)
    indptr, indices = rows
    return as_native(indptr, np.int64, "indptr", n_rows + 1), as_native(
        indices, np.int32, "indices", None
    )


def _optional(rows: Rows | None, n_rows: int) -> tuple[I64 | None, I32 | None]:
    return (None, None) if rows is None else _row_lists(rows, n_rows)


def _rank_arrays(targets: Rows) -> tuple[I32, I32, I64]:
    n = int(targets[0][-1] - targets[0][0])
    counts = np.empty(len(targets[0]) - 1, dtype=np.int64)
    return np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), counts
