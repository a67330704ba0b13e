"""Sort the pairs of a data set by users or by items, a range of rows at a time, into arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.disk.layout import SIDES, Side
from penchant.data.disk.merging import Cells
from penchant.data.disk.progress import run, update
from penchant.data.disk.reading import scan
from penchant.data.disk.work import Result, WorkFolder
from penchant.data.disk.workers import Limits
from penchant.data.disk.writing import RangeWriter, SortedEntries
from penchant.data.io.workspace import FETCHED_AT_ONCE


@dataclass(frozen=True)
class SortTask:
    """A range of rows of a side to sort: those with codes from ``begin`` to ``end``.

    ``kept`` holds the codes that are kept and their new ones, if not all are.
    """

    name: str
    work: WorkFolder
    limits: Limits
    side: Side
    cells: Cells
    kept: Result
    codes: tuple[int, int] | None
    is_timed: bool


@dataclass(frozen=True)
class SortPlan:
    """What is sorted; see :class:`SortTask`."""

    work: WorkFolder
    limits: Limits
    cells: Cells
    ids: Result
    kept: Result
    is_timed: bool

    def tasks(self, side: Side, n_ranges: int) -> list[SortTask]:
        """Return the tasks of a side."""
        rest = (self.cells, self.kept)
        if n_ranges == 1:
            name = f"sort-{side}"
            return [SortTask(name, self.work, self.limits, side, *rest, None, self.is_timed)]
        n = self.ids.value[side]
        bounds = [n * part // n_ranges for part in range(n_ranges + 1)]
        return [
            SortTask(f"sort-{side}-{part:06}-of-{n_ranges:06}", self.work, self.limits, side,
                     *rest, codes, self.is_timed)
            for part, codes in enumerate(pairwise(bounds))
        ]  # fmt: skip


def sort(task: SortTask) -> Result:
    """Sort the pairs of a range of rows, and write their arrays."""
    limits, side = task.limits, task.side
    other = SIDES[1] if side == SIDES[0] else SIDES[0]
    cells = task.cells.sql(side)
    if task.codes is not None:
        begin, end = task.codes
        cells += f" WHERE key >= {begin << 32} AND key < {end << 32}"
    with limits.workspace() as space:
        con = space.con
        query = f"SELECT key, v, t FROM {cells}"
        if task.kept.files:
            for name in SIDES:
                con.execute(f"CREATE VIEW kept_{name} AS FROM {scan([task.kept.files[name]])}")
            query = (
                f"SELECT (a.new << 32) | b.new AS key, v, t FROM ({query}) "
                f"JOIN kept_{side} a ON a.code = key >> 32 "
                f"JOIN kept_{other} b ON b.code = key & 4294967295"
            )
        run(con, f"CREATE TABLE sorted AS {query} ORDER BY key")
        writer = RangeWriter(task.work.draft(task.name), _rows(con, task), is_timed=task.is_timed)
        writer.write(_entries(con, is_timed=task.is_timed))
    return task.work.complete(task.name, writer.value(), writer.files())


def _rows(con: Any, task: SortTask) -> tuple[int, int]:
    """Return the first row of a range, and the one after its last."""
    n: int = task.kept.value["sizes"][SIDES.index(task.side)]
    if task.codes is None:
        return 0, n
    if not task.kept.files:
        return task.codes
    begin, end = con.execute(
        f"SELECT count(*) FILTER (code < {task.codes[0]}), count(*) FILTER (code < "
        f"{task.codes[1]}) FROM kept_{task.side}"
    ).fetchone()
    return begin, end


def _entries(con: Any, *, is_timed: bool) -> Iterator[SortedEntries]:
    columns = "(key >> 32)::INTEGER AS r, (key & 4294967295)::INTEGER AS c, v, t"
    for part in slices(con, "sorted", columns):
        times = part["t"] if is_timed else None
        yield SortedEntries(part["r"], part["c"], part["v"], times)


def read_ids(side: Side, limits: Limits, ids: Result, kept: Result) -> Iterator[npt.NDArray[Any]]:
    """Yield the ids of a side in the order of their codes, some at a time."""
    query = f"SELECT id FROM {scan([ids.files[side]])} ids"
    if kept.files:
        query += f" JOIN {scan([kept.files[side]])} kept ON ids.code = kept.code ORDER BY kept.new"
    else:
        query += " ORDER BY code"
    with limits.workspace() as space:
        run(space.con, f"CREATE TABLE sorted AS {query}")
        for part in slices(space.con, "sorted", "id"):
            yield part["id"]


def slices(con: Any, table: str, columns: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as arrays, some at a time."""
    n = int(con.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    for begin in range(0, n, FETCHED_AT_ONCE):
        update(begin / n)
        part = con.execute(
            f"SELECT {columns} FROM {table} WHERE rowid >= {begin} "
            f"AND rowid < {begin + FETCHED_AT_ONCE} ORDER BY rowid"
        ).fetchnumpy()
        yield {name: np.ma.getdata(array) for name, array in part.items()}
