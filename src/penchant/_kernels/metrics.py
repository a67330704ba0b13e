"""Facade of ``metrics.hpp``: the sums that ranking metrics are made of."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F64, I32
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows


def ranking_gains(
    lists: Rows, relevant: Rows, k: int, n_items: int, *, threads: int | None = None
) -> tuple[I32, I32, F64, F64]:
    """Compare the first k items of each list with the relevant items of the same row.

    Returns
    -------
    hits, first, dcg, precisions
        One entry per list: the number of hits (int32); the place of the first hit, from 1, or 0
        (int32); the sums over hits of 1 / log2(place + 1) and of the precision at their place
        (float64).
    """
    m = len(lists[0]) - 1
    hits, first = np.empty(m, dtype=np.int32), np.empty(m, dtype=np.int32)
    dcg, precisions = np.empty(m, dtype=np.float64), np.empty(m, dtype=np.float64)
    _native.ranking_gains(
        native_rows(lists, m),
        native_rows(relevant, m),
        k=int(k),
        n_items=int(n_items),
        hits=hits,
        first=first,
        dcg=dcg,
        precisions=precisions,
        threads=thread_count(threads),
    )
    return hits, first, dcg, precisions
