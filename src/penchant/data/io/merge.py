"""Number the ids of the staged rows, merge duplicates, and fetch the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.data.duplicates import MERGE_SQL, POLICIES
from penchant.data.io.bad_rows import BadRows
from penchant.data.io.workspace import FETCHED_AT_ONCE
from penchant.data.report import ReadReport
from penchant.data.thresholding import compact, not_empty
from penchant.errors import DataError


@dataclass(frozen=True)
class ReadResult:
    """A matrix with the ids of its rows and columns, and the report on the rows of the source."""

    csr: Csr
    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    timestamps: npt.NDArray[np.int64] | None
    report: ReadReport


@dataclass(frozen=True)
class Tally:
    """The number of rows, and of those that hold no interaction."""

    blank: int = 0
    rows: int = 0
    nameless: int = 0
    valueless: int = 0
    zeros: int = 0

    def report(
        self,
        bad: BadRows,
        policy: str,
        source: str,
        *,
        interactions: int,
        merged: int,
        cancelled: int,
    ) -> ReadReport:
        """Return the report on these rows once those of the same pair are merged.

        Parameters
        ----------
        bad
            The bad rows.
        policy
            What was done with rows of the same pair.
        source
            What was read, in words.
        interactions
            The number of pairs that are left.
        merged
            The number of rows that were merged into others.
        cancelled
            The number of pairs whose values came to 0.
        """
        return ReadReport(
            source, self.rows, interactions, self.blank, bad.n, self.nameless, self.valueless,
            self.zeros, merged, cancelled, policy, bad.messages,
        )  # fmt: skip


@dataclass(frozen=True)
class IdTables:
    """The tables of DuckDB that number the ids of users and of items, and their column of codes."""

    users: str
    items: str
    code: str


_NUMBERED = IdTables("codes_u", "codes_i", "rowid")


@dataclass(frozen=True)
class MergedMatrix:
    """A merged matrix with its ids, before its report is written.

    ``merged`` is the number of rows that were merged into others, ``cancelled`` that of the pairs
    whose values came to 0.
    """

    csr: Csr
    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    timestamps: npt.NDArray[np.int64] | None
    merged: int
    cancelled: int

    def with_report(self, tally: Tally, policy: str, source: str, bad: BadRows) -> ReadResult:
        """Return the matrix with its report, also if nothing is left."""
        csr, users, items = self.csr, self.users, self.items
        report = tally.report(
            bad,
            policy,
            source,
            interactions=csr.nnz,
            merged=self.merged,
            cancelled=self.cancelled,
        )
        if report.cancelled:
            rows, columns = not_empty(csr)  # all pairs of some users or items came to 0
            csr, users, items = compact(csr, rows, columns), users[rows], items[columns]
        return ReadResult(csr, users, items, self.timestamps, report)


def merge_staged(
    con: Any, tally: Tally, bad: BadRows, policy: str, *, timed: bool, source: str
) -> ReadResult:
    """Number the ids in sorted order, merge duplicates, and fetch the matrix.

    Parameters
    ----------
    con
        DuckDB, after :func:`tally_rows`.
    tally, bad
        What was counted of the rows, for the report.
    policy
        What to do with rows of the same pair.
    timed
        Whether there are timestamps.
    source
        What was read, for the report.

    Raises
    ------
    DataError
        If the policy is ``"error"`` and a pair comes twice, or a sum is too large.
    """
    users, items = fetch_ids(con, "u", "users"), fetch_ids(con, "i", "items")
    merged, cancelled = _merge(con, policy, timed)
    csr, times = _fetch(con, len(users), len(items), timed)
    matrix = MergedMatrix(csr, users, items, times, merged, cancelled)
    return matrix.with_report(tally, policy, source, bad)


def tally_rows(con: Any, roles: Sequence[str]) -> Tally:
    """Count what is staged, and make the view ``good`` of the rows that hold an interaction."""
    value = "c_value" if "value" in roles else "1.0"
    missing = [f"c_{role} IS NULL" for role in roles if role in ("value", "timestamp", "event")]
    con.execute(
        f"CREATE TEMP VIEW rows_read AS SELECT rowid AS place, c_user AS u, c_item AS i, "
        f"{value} AS v, {'c_timestamp' if 'timestamp' in roles else 'NULL'} AS t, "
        f"{'c_event' if 'event' in roles else 'NULL'} AS e, "
        "c_user IS NULL OR c_item IS NULL AS nameless, "
        f"{' OR '.join(missing) or 'false'} AS valueless, {value}::FLOAT = 0 AS zero "
        "FROM staged WHERE why IS NULL"
    )
    con.execute(
        "CREATE TEMP VIEW good AS SELECT * FROM rows_read "
        "WHERE NOT nameless AND NOT valueless AND NOT zero"
    )
    counts = con.execute(
        "SELECT (SELECT count(*) FROM staged WHERE why = 'blank'), "
        "(SELECT count(*) FROM staged WHERE why IS NULL OR why <> 'blank'), "
        "count(*) FILTER (nameless), count(*) FILTER (NOT nameless AND valueless), "
        "count(*) FILTER (NOT nameless AND NOT valueless AND zero) FROM rows_read"
    ).fetchone()
    return Tally(*counts)


def number_ids(con: Any, table: str, ids: str, noun: str) -> int:
    """Make a table of distinct ids in sorted order: its rowids are their codes.

    Parameters
    ----------
    con
        DuckDB.
    table
        The name of the table.
    ids
        The SQL of a relation with a column ``id``.
    noun
        What the ids are of, for the message.

    Returns
    -------
    int
        How many there are.

    Raises
    ------
    DataError
        If there are too many for codes of 32 bits.
    """
    con.execute(f"CREATE TABLE {table} AS SELECT DISTINCT id FROM {ids} ORDER BY id")
    n = int(con.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    if n >= 2**31:
        raise DataError(f"there are {n:,} {noun}, more than 2³¹−1")
    return n


def fetch_ids(con: Any, column: str, noun: str) -> npt.NDArray[Any]:
    """Number the ids of a column in the table ``codes_<column>``, and fetch them in their order."""
    number_ids(con, f"codes_{column}", f"(SELECT {column} AS id FROM good)", noun)
    ids = con.execute(f"SELECT id FROM codes_{column} ORDER BY rowid").fetchnumpy()["id"]
    return np.ma.getdata(ids)


def _merge(con: Any, policy: str, timed: bool) -> tuple[int, int]:
    """Fill the table ``cells`` with one row a pair, in the order of the matrix."""
    con.execute(f"CREATE TABLE cells AS {pairs_sql(_NUMBERED, policy, timed=timed)} ORDER BY key")
    return check_cells(con, _NUMBERED, policy)


FIXED_POINT = "pow(2::DOUBLE, 80)"
"""The SQL of the scale of sums in fixed point, of 128 bits."""
_SUMS = {
    "whole": "sum(v)",
    "fixed": f"(sum((v * {FIXED_POINT})::HUGEINT)::DOUBLE / {FIXED_POINT})",
    "ordered": "sum(v ORDER BY place)",
}


def pairs_sql(ids: IdTables, policy: str, *, timed: bool, precision: str = "whole") -> str:
    """Return the SQL of the pairs of the view ``good``: key, value, time, and number of rows.

    A key is the code of the user above that of the item, in 64 bits.

    Parameters
    ----------
    ids
        The tables of the ids.
    policy
        What to do with rows of the same pair.
    timed
        Whether there are timestamps.
    precision
        How values are summed: ``"whole"``, as doubles, which are exact for whole numbers;
        ``"fixed"``, in fixed point, which is exact for multiples of 2⁻⁸⁰; or ``"ordered"``, as
        doubles in the order of the rows. The latter two give the same sum in any order of the
        work.
    """
    order = "(t, place)" if timed else "place"
    value = f"arg_max(v, {order})" if policy == "last" else MERGE_SQL[policy]
    value = value.replace("sum(v)", _SUMS[precision])
    return (
        f"SELECT (cu.{ids.code}::BIGINT << 32) | ci.{ids.code} AS key, {value} AS v, "
        f"{'max(t)' if timed else 'NULL::BIGINT'} AS t, count(*) AS n FROM good "
        f"JOIN {ids.users} cu ON u = cu.id JOIN {ids.items} ci ON i = ci.id GROUP BY key"
    )


@dataclass(frozen=True)
class CellCounts:
    """Counts of merged pairs.

    Attributes
    ----------
    pairs, rows
        The pairs, and the rows that they were merged of.
    cancelled
        The pairs whose values came to 0.
    beyond
        The pairs whose values a float32 can't hold.
    repeated
        The first pair with several rows, where these are refused: its key, user, item, and the
        number of its rows.
    """

    pairs: int
    rows: int
    cancelled: int
    beyond: int
    repeated: tuple[int, Any, Any, int] | None = None

    def check(self, policy: str) -> tuple[int, int]:
        """Check the pairs; see :func:`check_cells`."""
        check_pairs(self.beyond)
        if policy == "error" and self.repeated is not None:
            refuse_pairs(self.rows - self.pairs, *self.repeated[1:])
        return self.rows - self.pairs, self.cancelled


def check_cells(con: Any, ids: IdTables, policy: str) -> tuple[int, int]:
    """Check the table ``cells`` of pairs.

    Returns
    -------
    tuple of int
        The number of rows that were merged into others, and of pairs whose values came to 0.

    Raises
    ------
    DataError
        If the policy is ``"error"`` and a pair comes twice, or a sum is too large.
    """
    return count_cells(con, ids, policy).check(policy)


def count_cells(con: Any, ids: IdTables, policy: str) -> CellCounts:
    """Count the pairs of the table ``cells``."""
    pairs, rows, cancelled, beyond = con.execute(
        "SELECT count(*), coalesce(sum(n), 0), count(*) FILTER (try_cast(v AS FLOAT) = 0), "
        "count(*) FILTER (try_cast(v AS FLOAT) IS NULL) FROM cells"
    ).fetchone()
    repeated = None
    if policy == "error" and rows > pairs:
        repeated = con.execute(
            f"SELECT key, cu.id, ci.id, n FROM cells JOIN {ids.users} cu "
            f"ON cu.{ids.code} = key >> 32 JOIN {ids.items} ci "
            f"ON ci.{ids.code} = key & 4294967295 WHERE n > 1 ORDER BY key LIMIT 1"
        ).fetchone()
    return CellCounts(int(pairs), int(rows), int(cancelled), int(beyond), repeated)


def check_pairs(beyond: int) -> None:
    """Refuse values that a float32 can't hold."""
    if beyond:
        raise DataError(f"the values of {beyond:,} pairs sum to more than a float32 holds")


def refuse_pairs(again: int, user: Any, item: Any, times: int) -> NoReturn:
    """Raise the error for pairs that occur twice under the policy ``"error"``."""
    raise DataError(
        f"{again:,} rows repeat a pair, first user {user!r} and item {item!r} ({times} times): "
        f"choose another duplicates= of {', '.join(POLICIES)}"
    )


def _fetch(
    con: Any, n_users: int, n_items: int, timed: bool
) -> tuple[Csr, npt.NDArray[np.int64] | None]:
    """Fetch the table ``cells`` as arrays, a slice at a time."""
    (stored, nnz) = con.execute(
        "SELECT count(*), count(*) FILTER (v::FLOAT <> 0) FROM cells"
    ).fetchone()
    counts = np.zeros(n_users, dtype=np.int64)
    indices = np.empty(nnz, dtype=np.int32)
    values = np.empty(nnz, dtype=np.float32)
    times = np.empty(nnz, dtype=np.int64) if timed else None
    filled = 0
    for begin in range(0, stored, FETCHED_AT_ONCE):
        part = con.execute(
            "SELECT (key >> 32)::INTEGER AS u, (key & 4294967295)::INTEGER AS i, v::FLOAT AS v, t "
            f"FROM cells WHERE rowid >= {begin} AND rowid < {begin + FETCHED_AT_ONCE} "
            "AND v::FLOAT <> 0 ORDER BY key"
        ).fetchnumpy()
        span = slice(filled, filled + len(part["u"]))
        counts += np.bincount(part["u"], minlength=n_users)
        indices[span], values[span] = part["i"], part["v"]
        if times is not None:
            times[span] = part["t"]
        filled = span.stop
    return Csr(row_pointers(counts), indices, values, n_items), times
