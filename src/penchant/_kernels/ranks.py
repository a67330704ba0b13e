"""Facade of ``ranks.hpp``: the ranks of chosen items among the candidates of each query."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.scores import factor_pair


def factor_ranks(
    queries: npt.NDArray[Any],
    items: npt.NDArray[Any],
    targets: Rows,
    exclude: Rows | None = None,
    *,
    threads: int | None = None,
) -> tuple[I32, I32, I64]:
    """Count, for each target, the candidates above it and tied with it by q·y.

    A target is a candidate even where ``exclude`` names it. A score of NaN counts as −∞.

    Returns
    -------
    above, tied, candidates
        The first two have an entry per target, the third one per query: how many candidates
        there are.
    """
    queries, items = factor_pair(queries, items)
    above, tied, candidates = rank_arrays(targets)
    _native.factor_ranks(
        queries,
        items,
        targets=native_rows(targets, len(queries)),
        exclude=native_rows(exclude, len(queries)),
        above=above,
        tied=tied,
        candidates=candidates,
        threads=thread_count(threads),
    )
    return above, tied, candidates


def dense_ranks(
    scores: F32, targets: Rows, exclude: Rows | None = None, *, threads: int | None = None
) -> tuple[I32, I32, I64]:
    """Compute :func:`factor_ranks` for a matrix of scores, float32, shape (m, n)."""
    scores = as_native(scores, np.float32, "scores", None, None)
    above, tied, candidates = rank_arrays(targets)
    _native.dense_ranks(
        scores,
        targets=native_rows(targets, len(scores)),
        exclude=native_rows(exclude, len(scores)),
        above=above,
        tied=tied,
        candidates=candidates,
        threads=thread_count(threads),
    )
    return above, tied, candidates


def rank_arrays(targets: Rows) -> tuple[I32, I32, I64]:
    """Return the output arrays of a kernel of ranks: above, tied, candidates."""
    n = int(targets[0][-1] - targets[0][0])
    counts = np.empty(len(targets[0]) - 1, dtype=np.int64)
    return np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), counts
