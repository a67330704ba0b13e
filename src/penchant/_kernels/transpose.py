"""Facade of ``transpose.hpp``: compressed sparse rows by column."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count


def transpose(
    indptr: I64, indices: I32, values: F32, n_columns: int, *, threads: int | None = None
) -> tuple[I64, I32, F32]:
    """Transpose compressed sparse rows: int64 pointers, row numbers that rise, values.

    Raises
    ------
    ValueError
        If rows do not lie within the indices, or a column is not below ``n_columns``.
    """
    indptr = as_native(indptr, np.int64, "indptr", None)
    if not len(indptr) or indptr[0] != 0:
        raise ValueError("indptr must begin with 0")
    nnz = int(indptr[-1])
    indices = as_native(indices, np.int32, "indices", nnz)
    values = as_native(values, np.float32, "values", nnz)
    out = (
        np.empty(n_columns + 1, dtype=np.int64),
        np.empty(nnz, dtype=np.int32),
        np.empty(nnz, dtype=np.float32),
    )
    _native.transpose(
        _native.SparseMatrix(indptr, indices, values),
        indptr=out[0],
        indices=out[1],
        values=out[2],
        threads=thread_count(threads),
    )
    return out
