"""Fetch the matrix of a log that was read natively."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from penchant.data.csr import Csr
from penchant.data.io.bad_rows import BadRows
from penchant.data.io.logs import PlainLog
from penchant.data.io.merge import MergedMatrix, ReadResult, Tally, check_pairs, refuse_pairs

NO_ROWS = Tally()
NOT_BAD = BadRows()


def merge_native(
    log: PlainLog,
    policy: str,
    irregular: Tally = NO_ROWS,
    bad: BadRows = NOT_BAD,
    *,
    source: str,
) -> ReadResult:
    """Merge the rows of a log that was read natively; the counterpart of ``merge_staged``.

    Parameters
    ----------
    log
        The log; its irregular lines, if there are any, are filled in.
    policy
        What to do with rows of the same pair.
    irregular, bad
        What was counted of the irregular lines.
    source
        What was read, for the report.

    Raises
    ------
    DataError
        If the policy is ``"error"`` and a pair comes twice, or a sum is too large.
    """
    read = log.rows.counts()
    tally = replace(
        irregular,
        blank=irregular.blank + read.blank,
        rows=irregular.rows + log.valid,
        zeros=irregular.zeros + read.zeros,
    )
    users, items = (np.array(ids, dtype=object) for ids in log.rows.ids())
    n_valid = log.rows.counts().valid
    indptr, indices, values, times, merged = log.rows.merge("sum" if policy == "error" else policy)
    check_pairs(merged.overflowed)
    again = n_valid - merged.pairs
    if policy == "error" and again:
        pair = users[merged.duplicate_user], items[merged.duplicate_item]
        refuse_pairs(again, *pair, merged.duplicate_rows)
    csr = Csr(indptr, indices, values, len(items))
    matrix = MergedMatrix(csr, users, items, times, again, merged.cancelled)
    return matrix.with_report(tally, policy, source, bad)


def fill_irregular(con: Any, log: PlainLog) -> None:
    """Put the valid rows among the irregular lines in their places."""
    columns = con.execute("SELECT place, u, i, v, t FROM good ORDER BY place").fetchnumpy()
    place, users, items, values, times = (
        np.ma.getdata(columns[name]) for name in ("place", "u", "i", "v", "t")
    )
    log.rows.fill(place, users, items, values, times)
