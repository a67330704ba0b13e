"""Facade of ``rows.hpp``: lists of columns, one per row."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import I32, I64, as_native

Rows = tuple[I64, I32]
"""Row pointers (shape (n_rows + 1,), any start) and columns that rise within a row."""


def native_rows(rows: Rows | None, n_rows: int) -> _native.Rows:
    """Convert rows; None: ``n_rows`` empty rows."""
    if rows is None:
        return _native.Rows(np.zeros(n_rows + 1, dtype=np.int64), np.empty(0, dtype=np.int32))
    indptr, indices = rows
    return _native.Rows(
        as_native(indptr, np.int64, "indptr", n_rows + 1),
        as_native(indices, np.int32, "indices", None),
    )
