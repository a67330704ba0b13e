"""Merge and sort the rows of a source in DuckDB, in bounded memory: it spills to its folder.

The rowid of a table that is made in an order is the place in that order, so that it numbers ids
without another column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.disk.layout import Side
from penchant.data.disk.progress import Progress
from penchant.data.io.merge import IdTables, check_cells, pairs_sql
from penchant.data.io.pipeline import Staged
from penchant.data.io.workspace import FETCHED_AT_ONCE
from penchant.data.steps import Step, check_left, threshold_step
from penchant.errors import DataError

_CODE: dict[Side, str] = {"users": "(key >> 32)", "items": "(key & 4294967295)"}
_SHARES: dict[Side, tuple[float, float]] = {"users": (0.75, 0.82), "items": (0.92, 0.98)}
"""The share of the work that is completed after sorting a side, and after writing it."""
_SOURCE: dict[Side, str] = {"users": "u", "items": "i"}
_IDS = IdTables("ids_users", "ids_items", "rowid")


@dataclass(frozen=True)
class SortedEntries:
    """Consecutive entries of a side's rows.

    Attributes
    ----------
    rows, columns
        int32, shape (n,); rows ascend, and columns within a row.
    values
        float32, shape (n,).
    times
        int64, shape (n,), or None.
    """

    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    times: npt.NDArray[np.int64] | None


class PairSorter:
    """The pairs of a staged source: merged, thresholded, and sorted by either side.

    Parameters
    ----------
    con
        DuckDB, with the view ``good`` of the rows that hold an interaction.
    staged
        What was staged.
    progress
        Where the steps report.
    """

    def __init__(self, con: Any, staged: Staged, progress: Progress) -> None:
        self._con, self._staged, self._progress = con, staged, progress
        self._is_renumbered = False
        self.merged = self.cancelled = 0
        self.step: Step | None = None

    def merge(self) -> None:
        """Number the ids and merge the rows of each pair.

        Raises
        ------
        DataError
            If the policy is ``"error"`` and a pair comes twice, a sum is too large, or there are
            too many ids.
        """
        self._progress.step("numbering the ids", 0.4)
        for side, column in _SOURCE.items():
            self._run(
                f"CREATE TABLE ids_{side} AS SELECT DISTINCT {column} AS id FROM good ORDER BY id"
            )
            if (n := self._count(f"ids_{side}")) >= 2**31:
                raise DataError(f"there are {n:,} {side}, more than 2³¹−1")
        self._progress.step("merging the rows of each pair", 0.6)
        policy = self._staged.opened.policy
        pairs = pairs_sql(_IDS, policy, timed=self._staged.is_timed)
        self._run(f"CREATE TABLE cells AS {pairs}")
        self.merged, self.cancelled = check_cells(self._con, _IDS, policy)
        self._con.execute("DROP TABLE staged")
        self._con.execute(
            "CREATE TEMP VIEW live AS SELECT key, v::FLOAT AS v, t FROM cells WHERE v::FLOAT <> 0"
        )
        self._keep_used()

    def _keep_used(self) -> None:
        """Leave out the ids whose pairs all came to 0."""
        if self.cancelled:
            self._renumber({side: f"SELECT DISTINCT {_CODE[side]} AS code FROM live"
                            for side in _SOURCE})  # fmt: skip

    def threshold(self, min_per_user: int, min_per_item: int) -> None:
        """Keep users and items with enough interactions; see :meth:`Interactions.threshold`.

        Raises
        ------
        EmptyDataError
            If nothing is left.
        """
        minima: dict[Side, int] = {"users": min_per_user, "items": min_per_item}
        before = self._sizes()
        con = self._con
        self._progress.step("leaving out users and items with few interactions", 0.65)
        for side in minima:
            con.execute(f"CREATE TABLE out_{side} (code BIGINT)")
        left = (
            f"(SELECT * FROM live WHERE {_CODE['users']} NOT IN (SELECT code FROM out_users) "
            f"AND {_CODE['items']} NOT IN (SELECT code FROM out_items))"
        )
        changed = True
        while changed:
            changed = False
            for side, minimum in minima.items():
                n_before = self._count(f"out_{side}")
                self._run(
                    f"INSERT INTO out_{side} SELECT {_CODE[side]} AS code FROM {left} "
                    f"GROUP BY code HAVING count(*) < {minimum}"
                )
                changed |= self._count(f"out_{side}") > n_before
        self._run(f"CREATE TABLE core AS SELECT * FROM {left}")
        check_left((min_per_user, min_per_item), before[2], self._count("core"))
        con.execute("CREATE OR REPLACE TEMP VIEW live AS SELECT * FROM core")
        con.execute("DROP TABLE cells")
        kept = {
            # with a minimum of 0, users without any of the items that are left stay
            side: f"SELECT DISTINCT {_CODE[side]} AS code FROM core" if minimum else self._all(side)
            for side, minimum in minima.items()
        }
        self._renumber(kept)
        after = self._sizes()
        self.step = threshold_step((min_per_user, min_per_item), before, after)

    def _all(self, side: Side) -> str:
        """Return the SQL of all codes of a side before the thresholds."""
        return f"SELECT code FROM kept_{side}" if self._is_renumbered else (
            f"SELECT rowid AS code FROM ids_{side}"
        )  # fmt: skip

    def _renumber(self, kept: dict[Side, str]) -> None:
        """Number the codes that are kept, in their order: the rowid of ``kept_…``."""
        for side, codes in kept.items():
            self._run(f"CREATE TABLE next_{side} AS SELECT code FROM ({codes}) ORDER BY code")
            self._con.execute(f"DROP TABLE IF EXISTS kept_{side}")
            self._con.execute(f"ALTER TABLE next_{side} RENAME TO kept_{side}")
        self._is_renumbered = True

    def _sizes(self) -> tuple[int, int, int]:
        table = "kept" if self._is_renumbered else "ids"
        return (
            self._count(f"{table}_users"),
            self._count(f"{table}_items"),
            self._count("live"),
        )

    @property
    def is_timed(self) -> bool:
        """Whether there are timestamps."""
        return self._staged.is_timed

    def n_entries(self) -> int:
        """Return the number of pairs."""
        return self._count("live")

    def ids(self, side: Side) -> Iterator[npt.NDArray[Any]]:
        """Yield the ids of a side in the order of their codes, some at a time."""
        table = f"ids_{side}"
        if self._is_renumbered:
            table = f"left_{side}"
            self._run(
                f"CREATE TABLE {table} AS SELECT id FROM ids_{side} ids JOIN kept_{side} kept "
                "ON ids.rowid = kept.code ORDER BY kept.rowid"
            )
        for part in self._slices(table, "id"):
            yield np.ma.getdata(part["id"])

    def entries(self, side: Side) -> Iterator[SortedEntries]:
        """Yield the entries of a side's rows in their order, some at a time."""
        source = f"{_CODE['users']} AS u, {_CODE['items']} AS i, v, t FROM live"
        if self._is_renumbered:
            source = (
                "ku.rowid AS u, ki.rowid AS i, v, t FROM live "
                f"JOIN kept_users ku ON ku.code = {_CODE['users']} "
                f"JOIN kept_items ki ON ki.code = {_CODE['items']}"
            )
        row, column = ("u", "i") if side == "users" else ("i", "u")
        table = f"sorted_{side}"
        is_sorted, is_written = _SHARES[side]
        self._progress.step(f"sorting by {side}", is_sorted)
        self._run(
            f"CREATE TABLE {table} AS SELECT ({row} << 32) | {column} AS key, v, t "
            f"FROM (SELECT {source}) ORDER BY key"
        )
        columns = "(key >> 32)::INTEGER AS r, (key & 4294967295)::INTEGER AS c, v, t"
        self._progress.step(f"writing {side}", is_written)
        for part in self._slices(table, columns):
            arrays = {name: np.ma.getdata(array) for name, array in part.items()}
            times = arrays["t"] if self._staged.is_timed else None
            yield SortedEntries(arrays["r"], arrays["c"], arrays["v"], times)
        self._con.execute(f"DROP TABLE {table}")

    def _slices(self, table: str, columns: str) -> Iterator[dict[str, Any]]:
        n = self._count(table)
        for begin in range(0, n, FETCHED_AT_ONCE):
            self._progress.update(begin / n)
            yield self._con.execute(
                f"SELECT {columns} FROM {table} WHERE rowid >= {begin} "
                f"AND rowid < {begin + FETCHED_AT_ONCE} ORDER BY rowid"
            ).fetchnumpy()

    def _count(self, table: str) -> int:
        return int(self._con.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _run(self, statement: str) -> None:
        with self._progress.watching(self._con):
            self._con.execute(statement)
