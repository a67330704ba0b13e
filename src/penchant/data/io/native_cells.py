"""Fetch the matrix of a log that was read natively."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from penchant.data.csr import Csr
from penchant.data.io.bad_rows import BadRows
from penchant.data.io.cells import Cells, Matrix, check_pairs, refuse_pairs, tally_rows
from penchant.data.io.logs import PlainLog


def native_cells(
    con: Any,
    log: PlainLog,
    roles: Sequence[str],
    policy: str,
    *,
    source: str,
    bad: BadRows,
) -> Cells:
    """Merge the rows read natively and the staged ones; the counterpart of ``cells.cells``."""
    irregular, read = tally_rows(con, roles), log.rows.counts()
    tally = replace(
        irregular,
        blank=irregular.blank + read.blank,
        rows=irregular.rows + log.valid,
        zeros=irregular.zeros + read.zeros,
    )
    _fill(con, log)
    users, items = (np.array(ids, dtype=object) for ids in log.rows.ids())
    n_valid = log.rows.counts().valid
    indptr, indices, values, times, merged = log.rows.merge("sum" if policy == "error" else policy)
    check_pairs(merged.overflowed)
    again = n_valid - merged.pairs
    if policy == "error" and again:
        pair = users[merged.duplicate_user], items[merged.duplicate_item]
        refuse_pairs(again, *pair, merged.duplicate_rows)
    csr = Csr(indptr, indices, values, len(items))
    matrix = Matrix(csr, users, items, times, again, merged.cancelled)
    return matrix.counted(tally, policy, source, bad)


def _fill(con: Any, log: PlainLog) -> None:
    """Put the valid rows among the irregular lines in their places."""
    columns = con.execute("SELECT place, u, i, v, t FROM good ORDER BY place").fetchnumpy()
    place, users, items, values, times = (
        np.ma.getdata(columns[name]) for name in ("place", "u", "i", "v", "t")
    )
    log.rows.fill(place, users, items, values, times)
