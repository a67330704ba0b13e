"""Number the ids of a source, and merge the rows of each pair, a part of the users at a time.

A key is the code of the row above that of the column, in 64 bits. The rowid of a table that is made
in an order is the place in that order, so that it numbers ids without another column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from penchant.data.disk.layout import SIDES, Side
from penchant.data.disk.progress import run, watching
from penchant.data.disk.reading import BUCKETS, Rows, bucket_sql, copy, scan
from penchant.data.disk.weighing import EventWeights
from penchant.data.disk.work import Result, WorkFolder
from penchant.data.disk.workers import Limits
from penchant.data.io.merge import CellCounts, IdTables, count_cells, number_ids, pairs_sql

SWAPPED = "((key & 4294967295) << 32) | (key >> 32)"
"""The SQL of a key with row and column swapped."""
_IDS = IdTables("users", "items", "code")


def write_codes(name: str, work: WorkFolder, limits: Limits, rows: Rows, n_parts: int) -> Result:
    """Number the distinct ids of both sides in their order, and write them with their codes.

    It runs in this process, on the distinct ids of each piece, and sorts on disk.

    Raises
    ------
    DataError
        If there are too many.
    """
    value: dict[str, int] = {}
    files: dict[str, Path] = {}
    with limits.workspace() as space:
        con = space.con
        for side in SIDES:
            with watching(con):
                value[side] = number_ids(con, side, scan(rows.files[side]), side)
            numbered = f"SELECT id, rowid AS code FROM {side} ORDER BY rowid"
            files[side] = copy(con, numbered, work.draft(f"{name}-{side}"))
        files["buckets"] = files["users"]
        if n_parts > 1:
            buckets = f"SELECT {bucket_sql('id')} AS h, id, rowid AS code FROM users ORDER BY h"
            files["buckets"] = copy(con, buckets, work.draft(f"{name}-buckets"))
    return work.complete(name, value, files)


@dataclass(frozen=True)
class MergeTask:
    """The rows of some users to merge: those in the buckets from ``begin`` to ``end``.

    ``weights`` are those of events; None: the rows are no events.
    """

    name: str
    work: WorkFolder
    limits: Limits
    rows: Rows
    ids: Result
    weights: EventWeights | None
    buckets: tuple[int, int] | None


def merge_tasks(
    work: WorkFolder,
    limits: Limits,
    rows: Rows,
    ids: Result,
    weights: EventWeights | None,
    n_parts: int,
) -> list[MergeTask]:
    """Return the tasks of merging all rows."""
    if n_parts == 1:
        return [MergeTask("merge", work, limits, rows, ids, weights, None)]
    bounds = [BUCKETS * part // n_parts for part in range(n_parts + 1)]
    return [
        MergeTask(f"merge-{part:06}-of-{n_parts:06}", work, limits, rows, ids, weights, buckets)
        for part, buckets in enumerate(pairwise(bounds))
    ]


def merge(task: MergeTask) -> Result:
    """Merge the rows of each pair of some users, and write the pairs.

    With several parts they are written twice, in the order of users and in that of items.
    """
    rows, work, limits, roles = task.rows, task.work, task.limits, task.rows.roles
    is_timed = "timestamp" in roles
    where = ["", ""]
    if task.buckets is not None:
        within = f"BETWEEN {task.buckets[0]} AND {task.buckets[1] - 1}"
        where = [f" WHERE {'h' if rows.is_partitioned else bucket_sql('u')} {within}",
                 f" WHERE h {within}"]  # fmt: skip
    with limits.workspace() as space:
        con = space.con
        columns = ["u", "i", "t" if is_timed else "NULL::BIGINT AS t"]
        if "event" in roles or "value" in roles or rows.policy == "last":
            columns.append("place")
        source = f"{scan(rows.files['rows'])}{where[0]}"
        if task.weights is None:
            columns.append("v" if "value" in roles else "1.0::DOUBLE AS v")
            con.execute(f"CREATE VIEW good AS SELECT {', '.join(columns)} FROM {source}")
        else:
            task.weights.view(con, f"(FROM {source})", ", ".join(columns))
        users = scan([task.ids.files["buckets"]])
        con.execute(f"CREATE VIEW users AS SELECT id, code FROM {users}{where[1]}")
        con.execute(f"CREATE VIEW items AS SELECT id, code FROM {scan([task.ids.files['items']])}")
        pairs = pairs_sql(_IDS, rows.policy, timed=is_timed, precision=rows.precision)
        run(con, f"CREATE TABLE cells AS {pairs}")
        counts = count_cells(con, _IDS, rows.policy)
        value = {"counts": asdict(counts)}
        if counts.beyond or counts.repeated is not None:
            return work.complete(task.name, value)
        cells = "SELECT key, v::FLOAT AS v, t FROM cells WHERE v::FLOAT <> 0"
        if task.buckets is None:
            return work.complete(
                task.name, value, {"both": copy(con, cells, work.draft(task.name))}
            )
        swapped = f"SELECT {SWAPPED} AS key, v, t FROM ({cells})"
        files = {
            side: copy(con, f"{query} ORDER BY key", work.draft(f"{task.name}-{side}"))
            for side, query in (("users", cells), ("items", swapped))
        }
        return work.complete(task.name, value, files)


@dataclass(frozen=True)
class Cells:
    """The merged pairs.

    Attributes
    ----------
    parts
        The files of each part.
    merged
        The number of rows that were merged into others.
    cancelled
        The number of pairs whose values came to 0.
    n
        The number of pairs that are left.
    """

    parts: tuple[Result, ...]
    merged: int
    cancelled: int
    n: int

    @property
    def rows(self) -> int:
        """The number of rows that they were merged of."""
        return self.n + self.cancelled + self.merged

    def sql(self, side: Side) -> str:
        """Return the SQL of the pairs: ``key`` with the code of this side above, ``v``, ``t``."""
        files = [part.files.get(side) for part in self.parts]
        if all(file is not None for file in files):
            return f"(SELECT key, v, t FROM {scan(file for file in files if file is not None)})"
        both = scan([self.parts[0].files["both"]])
        key = "key" if side == "users" else SWAPPED
        return f"(SELECT {key} AS key, v, t FROM {both})"


def checked_cells(parts: Sequence[Result], policy: str) -> Cells:
    """Add up the counts of all parts.

    Raises
    ------
    DataError
        If the policy is ``"error"`` and a pair comes twice, or a sum is too large.
    """
    counts = [CellCounts(**part.value["counts"]) for part in parts]
    repeated = [tuple(count.repeated) for count in counts if count.repeated is not None]
    total = CellCounts(
        sum(count.pairs for count in counts),
        sum(count.rows for count in counts),
        sum(count.cancelled for count in counts),
        sum(count.beyond for count in counts),
        min(repeated, default=None),
    )
    merged, cancelled = total.check(policy)
    return Cells(tuple(parts), merged, cancelled, total.pairs - cancelled)
