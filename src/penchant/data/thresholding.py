"""Find the users and items that have enough interactions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers

Mask = npt.NDArray[np.bool_]


def stable_core(csr: Csr, min_per_user: int, min_per_item: int) -> tuple[Mask, Mask]:
    """Return masks of the rows and columns of the largest part in which all have enough entries.

    Rows and columns with too few entries are removed in turn until nothing changes.

    Returns
    -------
    tuple of numpy.ndarray
        bool, shape (n_rows,) and (n_columns,).
    """
    rows, columns = csr.row_of_entry, csr.indices
    users = np.ones(csr.n_rows, dtype=np.bool_)
    items = np.ones(csr.n_columns, dtype=np.bool_)
    changed = True
    while changed:
        users_now = users & (np.bincount(rows, minlength=csr.n_rows) >= min_per_user)
        kept = users_now[rows]
        rows, columns = rows[kept], columns[kept]
        items_now = items & (np.bincount(columns, minlength=csr.n_columns) >= min_per_item)
        kept = items_now[columns]
        rows, columns = rows[kept], columns[kept]
        changed = bool((users_now != users).any() or (items_now != items).any())
        users, items = users_now, items_now
    return users, items


def not_empty(csr: Csr) -> tuple[Mask, Mask]:
    """Return masks of the rows and columns that have entries."""
    return csr.row_counts > 0, np.bincount(csr.indices, minlength=csr.n_columns) > 0


def compact(csr: Csr, rows: Mask, columns: Mask) -> Csr:
    """Return the rows and columns where the masks hold; the others must have no entries."""
    new_column = np.cumsum(columns, dtype=np.int32) - np.int32(1)
    pointers = row_pointers(csr.row_counts[rows])
    return Csr(pointers, new_column[csr.indices], csr.values, int(columns.sum()))
