"""Logs to ingest, and what their data sets must equal."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from penchant.data.interactions import Interactions

COLUMNS = {"user": "user", "item": "item", "value": "value", "timestamp": "time"}


def write_log(folder: Path, n_rows: int = 400, seed: int = 0) -> Path:
    """A log with duplicates, dislikes, zeros and timestamps."""
    draw = random.Random(seed)
    lines = ["user,item,value,time"]
    lines += [
        f"u{draw.randrange(40)},i{draw.randrange(25)},{draw.randrange(-2, 5)},{time}"
        for time in draw.choices(range(10**9), k=n_rows)
    ]
    path = folder / "plays.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def assert_equal(stored: Interactions, read: Interactions) -> None:
    """Compare ids, both orientations, blocks and the report."""
    assert (stored.n_users, stored.n_items, stored.nnz) == (read.n_users, read.n_items, read.nnz)
    assert list(stored.users) == list(read.users)
    assert list(stored.items) == list(read.items)
    for name in ("indptr", "indices", "values"):
        for mine, theirs in ((stored.csr, read.csr), (stored.by_item(), read.by_item())):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    if read.timestamps is None:
        assert stored.timestamps is None
    else:
        np.testing.assert_array_equal(stored.timestamps, read.timestamps)
    assert (stored.newest, stored.n_dislikes) == (read.newest, read.n_dislikes)
    assert (stored.report, stored.notes, stored.steps) == (read.report, read.notes, read.steps)
    assert stored.summary() == read.summary()
    assert_blocks(stored)


def assert_blocks(stored: Interactions) -> None:
    """Compare blocks with the mapped matrices."""
    blocks = stored.blocks
    assert blocks is not None
    for rows, csr in ((blocks.users, stored.csr), (blocks.items, stored.by_item())):
        assert (rows.n_rows, rows.n_columns, rows.nnz) == (csr.n_rows, csr.n_columns, csr.nnz)
        for block, part in rows:
            expected = csr.take_rows(np.arange(block.start, block.stop))
            for name in ("indptr", "indices", "values"):
                np.testing.assert_array_equal(getattr(part, name), getattr(expected, name))
            if csr.times is not None:
                assert part.times is not None
                np.testing.assert_array_equal(part.times, expected.times)
