"""Facade of ``scores.hpp``: scores of single cells, or of all, from factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.arrays import F32, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows


def score_pairs(
    queries: npt.NDArray[Any], items: npt.NDArray[Any], cells: Rows, *, threads: int | None = None
) -> F32:
    """Compute q·y for every entry of ``cells`` (a row per query), float32.

    The scores are those of :func:`factor_top_k`, bit for bit.
    """
    queries, items = factor_pair(queries, items)
    rows = native_rows(cells, len(queries))
    out = np.empty(int(cells[0][-1] - cells[0][0]), dtype=np.float32)
    _native.score_pairs(queries, items, cells=rows, out=out, threads=thread_count(threads))
    return out


def factor_scores(queries: F32, items: F32, *, threads: int | None = None) -> F32:
    """Compute q·y of all queries and items: float32, shape (m, n).

    The scores are those of :func:`factor_top_k`, bit for bit.

    Parameters
    ----------
    queries, items
        Shapes (m, f) and (n, f), float32.
    threads
        The number of threads; None: see :func:`thread_count`.
    """
    queries = as_native(queries, np.float32, "queries", None, None)
    items = as_native(items, np.float32, "items", None, queries.shape[1])
    out = np.empty((len(queries), len(items)), dtype=np.float32)
    _native.factor_scores(queries, items, out=out, threads=thread_count(threads))
    return out


def factor_pair(
    queries: npt.NDArray[Any], items: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Convert both to C order and one precision, float64 if either has it."""
    common = queries.dtype if queries.dtype == items.dtype else np.result_type(queries, items)
    dtype = np.float64 if common == np.float64 else np.float32
    items = as_native(items, dtype, "items", None, None)
    return as_native(queries, dtype, "queries", None, items.shape[1]), items
