"""From opened sources to cells: rows checked one by one, ids numbered, duplicates merged.

All of it happens inside DuckDB, in a scratch database with a memory limit, so that a log of
any size needs no more memory than its result.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.data.io.sources import Source
from penchant.data.report import ReadReport
from penchant.errors import BadLinesError, DataError, EmptyDataError, SettingsError

SHOWN = 5
LARGEST = float(np.finfo(np.float32).max)
FETCHED_AT_ONCE = 1_000_000
_MERGE = {
    "binary": "sign(sum(v))",
    "sum": "sum(v)",
    "max": "max(v)",
    "mean": "avg(v)",
    "error": "sum(v)",
}
POLICIES = (*_MERGE, "last")


@dataclass(frozen=True)
class Cells:
    """What was read: a matrix with the ids of its rows and columns, and what became of rows."""

    csr: Csr
    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    timestamps: npt.NDArray[np.int64] | None
    report: ReadReport


@contextlib.contextmanager
def workspace(memory_limit: str) -> Iterator[tuple[Any, Path]]:
    """A DuckDB connection on a scratch database, and a scratch folder; both are removed.

    Raises
    ------
    SettingsError
        If DuckDB can't read the memory limit.
    DataError
        If DuckDB fails on the data, or needs more memory than it may have.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="penchant-") as folder:
        scratch = Path(folder)
        try:
            con = duckdb.connect(
                str(scratch / "rows.duckdb"),
                config={
                    "memory_limit": memory_limit,
                    "temp_directory": str(scratch / "spill"),
                    "autoinstall_known_extensions": "false",
                    "python_enable_replacements": "false",
                },
            )
        except duckdb.Error as error:
            raise SettingsError(f"memory_limit={memory_limit!r}: {_first_line(error)}") from error
        try:
            con.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
            con.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file is thrown away
            yield con, scratch
        except OSError as error:
            raise DataError(f"can't read or copy {error.filename}: {error.strerror}") from error
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                f"reading needs more than memory_limit={memory_limit!r}: raise it"
            ) from error
        except duckdb.Error as error:
            raise DataError(f"the data can't be read: {_first_line(error)}") from error
        finally:
            con.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


# --- rows, checked ----------------------------------------------------------------------


def stage(
    con: Any, sources: Sequence[Source], places: Sequence[dict[str, int]], id_kind: dict[str, str]
) -> list[int]:
    """Fill the table ``staged`` with checked rows, one for every row or line.

    Its columns are the roles, then ``why`` (what is wrong with a row, ``'blank'`` for none, or
    NULL) and ``shown`` (a bad row's text). A row's rowid is its place in the sources.

    Parameters
    ----------
    places
        For each source: role → column.
    id_kind
        Role → the kind of its ids over all sources, ``"text"`` or ``"integer"``.

    Returns
    -------
    list of int
        The rowid at which each source begins.
    """
    begins: list[int] = []
    # Parquet's statistics leave NaN out; trusting them, DuckDB 2.0 folds isnan() to false
    con.execute("SET disabled_optimizers = 'statistics_propagation'")
    for source, places_here in zip(sources, places, strict=True):
        begins.append(_size(con) if begins else 0)
        checked = [_check(role, place, source, id_kind) for role, place in places_here.items()]
        values = ", ".join(
            f"CASE WHEN why IS NULL THEN {value} END AS c_{role}"
            for role, (value, _) in zip(places_here, checked, strict=True)
        )
        tests = [test for _, found in checked for test in found]
        wrong = "".join(f" WHEN {test} THEN {told}" for test, told in tests)
        into = "INSERT INTO staged" if len(begins) > 1 else "CREATE TABLE staged AS"
        con.execute(
            f"{into} SELECT {values}, why, CASE WHEN why <> 'blank' THEN left({source.shown}, 200) "
            f"END AS shown FROM (SELECT *, CASE WHEN {source.blank} THEN 'blank' "
            f"WHEN {source.misfit} IS NOT NULL THEN {source.misfit}{wrong} END AS why "
            f"FROM {source.relation})"
        )
        found = _size(con) - begins[-1]
        if source.expected is not None and found != source.expected:
            raise DataError(
                f"{source.label} has {source.expected:,} lines and {found:,} were read: "
                "it changed while it was read, or its line ends are odd"
            )
    con.execute("RESET disabled_optimizers")
    return begins


def _size(con: Any) -> int:
    return int(con.execute("SELECT count(*) FROM staged").fetchone()[0])


def id_kinds(sources: Sequence[Source], places: Sequence[dict[str, int]]) -> dict[str, str]:
    """Whether users and items are called by text or integers, over all sources alike."""
    kinds: dict[str, str] = {}
    for role in ("user", "item"):
        for source, here in zip(sources, places, strict=True):
            if role not in here:
                continue
            kind = source.kind(here[role])
            if kind not in ("text", "integer", "float"):
                raise DataError(
                    f"{source.column_name(here[role])} of {source.label} holds {kind} values, "
                    f"which can't be {role} ids: texts or integers can"
                )
            kind = "integer" if kind == "float" else kind
            if kinds.setdefault(role, kind) != kind:
                raise DataError(
                    f"{role} ids are texts in some files and integers in {source.label}"
                )
    return kinds


Checked = tuple[str, list[tuple[str, str]]]


def _check(role: str, place: int, source: Source, id_kind: dict[str, str]) -> Checked:
    """The SQL of a cell's value, and tests that it fails with what is then said."""
    cell, kind = source.cell(place), source.kind(place)
    if role in id_kind:
        return _check_id(role, cell, kind)
    if role == "value":
        return _check_value(cell, kind, source, place)
    if role == "timestamp":
        return _check_time(cell, kind, source, place)
    return f"CAST({cell} AS VARCHAR)", []


def _check_id(role: str, cell: str, kind: str) -> Checked:
    if kind == "text":
        return f"nullif({cell}, '')", []
    if kind == "integer":
        number = f"try_cast({cell} AS BIGINT)"
        return number, [(f"{cell} IS NOT NULL AND {number} IS NULL", f"'{role} beyond 64 bits'")]
    return _whole(role, cell)


def _check_value(cell: str, kind: str, source: Source, place: int) -> Checked:
    if kind == "boolean":
        cell = f"CAST({cell} AS INTEGER)"
    elif kind not in ("text", "mixed", "integer", "float"):
        raise DataError(
            f"{source.column_name(place)} of {source.label} holds {kind} values, not numbers"
        )
    number = f"try_cast({cell} AS DOUBLE)"
    beyond = f"NOT isnan({number}) AND abs({number}) > {LARGEST!r}"
    tests = [(beyond, _said("value", cell, "infinite or too large"))]
    if kind in ("text", "mixed"):
        # DuckDB would take 1_000 as a number
        no_number = f"{cell} <> '' AND ({number} IS NULL OR contains({cell}, '_'))"
        tests.insert(0, (no_number, _said("value", cell, "not a number")))
    return f"CASE WHEN NOT isnan({number}) THEN {number} END", tests


def _check_time(cell: str, kind: str, source: Source, place: int) -> Checked:
    date = f"try_cast({cell} AS TIMESTAMPTZ)"
    seconds = f"CASE WHEN isfinite({date}) THEN CAST(floor(epoch({date})) AS BIGINT) END"
    if kind == "time":
        return seconds, []
    if kind == "integer":
        return f"try_cast({cell} AS BIGINT)", []
    if kind == "float":
        return _whole("timestamp", cell)
    if kind not in ("text", "mixed"):
        raise DataError(
            f"{source.column_name(place)} of {source.label} holds {kind} values, not times"
        )
    is_number = f"regexp_full_match({cell}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*')"
    value = f"CASE WHEN {is_number} THEN try_cast({cell} AS BIGINT) ELSE {seconds} END"
    told = _said("timestamp", cell, "neither a whole number nor a date")
    return value, [(f"{cell} <> '' AND ({value}) IS NULL", told)]


def _whole(role: str, cell: str) -> Checked:
    """Floats that are whole numbers, as pandas makes them of integers where some are missing."""
    number = f"try_cast({cell} AS DOUBLE)"
    limit = 2**53  # above it, neighboring integers are the same float
    odd = f"NOT isnan({number}) AND ({number} <> trunc({number}) OR abs({number}) > {limit})"
    value = f"CASE WHEN NOT isnan({number}) THEN try_cast({number} AS BIGINT) END"
    return value, [(odd, _said(role, cell, "not a whole number"))]


def _said(what: str, cell: str, fault: str) -> str:
    return f"'{what} ' || left(CAST({cell} AS VARCHAR), 40) || ' is {fault}'"


# --- bad rows ---------------------------------------------------------------------------


def bad_lines(
    con: Any,
    sources: Sequence[Source],
    begins: Sequence[int],
    *,
    skip: bool,
    quote: bool,
    others: int = 0,
) -> tuple[int, tuple[str, ...]]:
    """How many rows are bad, and the first few in words.

    ``others`` is how many rows there are beside those in the table ``staged``.

    Raises
    ------
    BadLinesError
        If there are any and they are not to be skipped.
    """
    bad, rows = con.execute(
        "SELECT count(*) FILTER (why <> 'blank'), count(*) FILTER (why IS NULL OR why <> 'blank') "
        "FROM staged"
    ).fetchone()
    rows += others
    if not bad:
        return 0, ()
    found = con.execute(
        "SELECT rowid, why, shown FROM staged WHERE why <> 'blank' ORDER BY rowid LIMIT ?", [SHOWN]
    ).fetchall()
    told = tuple(_told(*row, sources=sources, begins=begins) for row in found)
    if not skip:
        noun = sources[0].noun
        where = sources[0].label if len(sources) == 1 else f"{len(sources)} files"
        listed = "".join(f"\n  {line}" for line in told) + ("\n  …" if bad > len(told) else "")
        raise BadLinesError(
            f"{bad:,} of {rows:,} {noun}s of {where} can't be read as they are:{listed}\n"
            + _advice(bad, rows, [shown or "" for _, _, shown in found], quote)
        )
    return int(bad), told


def _told(
    rowid: int, why: str, shown: str | None, *, sources: Sequence[Source], begins: Sequence[int]
) -> str:
    part = max(n for n, begin in enumerate(begins) if begin <= rowid)
    source = sources[part]
    where = f"{source.noun} {source.number(rowid - begins[part]):,}"
    if len(sources) > 1:
        where = f"{source.label}, {where}"
    text = "".join(c if c.isprintable() or c == "\t" else "" for c in shown or "")
    return f"{where}: {why}" + (f": {text!r}" if shown else "")


def _advice(bad: int, rows: int, shown: Sequence[str], quote: bool) -> str:
    advice = 'To leave them out: on_bad_lines="skip".'
    for mark, name in (("\\", r'"\\"'), ('"', "'\"'")):
        if not quote and any(line.startswith(mark) or f"{mark}\t" in line for line in shown):
            advice += f" If {mark} quotes fields there: quote={name}."
    if bad == rows:
        advice += " All of them are bad: is sep= right, is header= right, are these the columns?"
    return advice


# --- cells ------------------------------------------------------------------------------


def cells(
    con: Any, roles: Sequence[str], policy: str, *, source: str, bad: tuple[int, tuple[str, ...]]
) -> Cells:
    """Number the ids in their sorted order, merge duplicates, and fetch the matrix.

    Raises
    ------
    DataError
        If the policy is ``"error"`` and a pair comes twice, or a sum is too large.
    EmptyDataError
        If nothing is left.
    """
    tally = tally_rows(con, roles)
    users, items = number_ids(con, "u"), number_ids(con, "i")
    timed = "timestamp" in roles
    merged, cancelled = _merge(con, policy, timed)
    csr, times = _fetch(con, len(users), len(items), timed)
    return counted(csr, users, items, times, tally, (merged, cancelled), policy, source, bad)


@dataclass(frozen=True)
class Tally:
    """How many rows there are, and how many of them hold no interaction."""

    blank: int
    rows: int
    nameless: int = 0
    valueless: int = 0
    zeros: int = 0


def tally_rows(con: Any, roles: Sequence[str]) -> Tally:
    """Count what is staged, and make the view ``good`` of the rows that hold an interaction."""
    value = "c_value" if "value" in roles else "1.0"
    missing = [f"c_{role} IS NULL" for role in roles if role in ("value", "timestamp", "event")]
    con.execute(
        f"CREATE VIEW rows_read AS SELECT rowid AS place, c_user AS u, c_item AS i, {value} AS v, "
        f"{'c_timestamp' if 'timestamp' in roles else 'NULL'} AS t, "
        f"{'c_event' if 'event' in roles else 'NULL'} AS e, "
        "c_user IS NULL OR c_item IS NULL AS nameless, "
        f"{' OR '.join(missing) or 'false'} AS valueless, {value}::FLOAT = 0 AS zero "
        "FROM staged WHERE why IS NULL"
    )
    con.execute(
        "CREATE VIEW good AS SELECT * FROM rows_read "
        "WHERE NOT nameless AND NOT valueless AND NOT zero"
    )
    counts = con.execute(
        "SELECT (SELECT count(*) FROM staged WHERE why = 'blank'), "
        "(SELECT count(*) FROM staged WHERE why IS NULL OR why <> 'blank'), "
        "count(*) FILTER (nameless), count(*) FILTER (NOT nameless AND valueless), "
        "count(*) FILTER (NOT nameless AND NOT valueless AND zero) FROM rows_read"
    ).fetchone()
    return Tally(*counts)


def counted(
    csr: Csr,
    users: npt.NDArray[Any],
    items: npt.NDArray[Any],
    times: npt.NDArray[np.int64] | None,
    tally: Tally,
    merged: tuple[int, int],
    policy: str,
    source: str,
    bad: tuple[int, tuple[str, ...]],
) -> Cells:
    """The matrix with its report; ``merged`` counts the rows merged and the pairs cancelled.

    Raises
    ------
    EmptyDataError
        If nothing is left.
    """
    report = ReadReport(
        source, tally.rows, csr.nnz, tally.blank, bad[0], tally.nameless, tally.valueless,
        tally.zeros, *merged, policy, bad[1],
    )  # fmt: skip
    if csr.nnz == 0:
        raise EmptyDataError("no interactions are left: " + "; ".join(report.notes()))
    if report.cancelled:
        csr, users, items = _without_empty(csr, users, items)
    return Cells(csr, users, items, times, report)


def number_ids(con: Any, column: str) -> npt.NDArray[Any]:
    """Give the ids of a column codes in sorted order, in the table ``codes_<column>``."""
    con.execute(
        f"CREATE TABLE codes_{column} AS SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER "
        f"AS code FROM (SELECT DISTINCT {column} AS id FROM good)"
    )
    ids = con.execute(f"SELECT id FROM codes_{column} ORDER BY code").fetchnumpy()["id"]
    return np.ma.getdata(ids)


def _merge(con: Any, policy: str, timed: bool) -> tuple[int, int]:
    """Fill the table ``cells`` with one row a pair, in the order of the matrix."""
    order = "(t, place)" if timed else "place"
    value = f"arg_max(v, {order})" if policy == "last" else _MERGE[policy]
    con.execute(
        f"CREATE TABLE cells AS SELECT (cu.code::BIGINT << 32) | ci.code AS key, {value} AS v, "
        f"{'max(t)' if timed else 'NULL::BIGINT'} AS t, count(*) AS n FROM good "
        "JOIN codes_u cu ON u = cu.id JOIN codes_i ci ON i = ci.id GROUP BY key ORDER BY key"
    )
    pairs, rows, cancelled, beyond = con.execute(
        "SELECT count(*), coalesce(sum(n), 0), count(*) FILTER (try_cast(v AS FLOAT) = 0), "
        "count(*) FILTER (try_cast(v AS FLOAT) IS NULL) FROM cells"
    ).fetchone()
    check_pairs(beyond)
    if policy == "error" and rows > pairs:
        first = con.execute(
            "SELECT cu.id, ci.id, n FROM cells JOIN codes_u cu ON cu.code = key >> 32 "
            "JOIN codes_i ci ON ci.code = key & 4294967295 WHERE n > 1 ORDER BY key LIMIT 1"
        ).fetchone()
        refuse_pairs(rows - pairs, *first)
    return int(rows - pairs), int(cancelled)


def check_pairs(beyond: int) -> None:
    """Refuse values that a float32 can't hold."""
    if beyond:
        raise DataError(f"the values of {beyond:,} pairs sum to more than a float32 holds")


def refuse_pairs(again: int, user: Any, item: Any, times: int) -> NoReturn:
    """Tell of pairs that come twice where they must not."""
    raise DataError(
        f"{again:,} rows repeat a pair, first user {user!r} and item {item!r} ({times} times): "
        f"choose another duplicates= of {', '.join(POLICIES)}"
    )


def _fetch(
    con: Any, n_users: int, n_items: int, timed: bool
) -> tuple[Csr, npt.NDArray[np.int64] | None]:
    """The table ``cells`` as arrays, a slice at a time."""
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


def _without_empty(
    csr: Csr, users: npt.NDArray[Any], items: npt.NDArray[Any]
) -> tuple[Csr, npt.NDArray[Any], npt.NDArray[Any]]:
    """Without users and items all of whose pairs came to 0."""
    held = csr.row_counts > 0
    used = np.bincount(csr.indices, minlength=csr.n_columns) > 0
    column = np.cumsum(used, dtype=np.int32) - np.int32(1)
    smaller = Csr(
        row_pointers(csr.row_counts[held]), column[csr.indices], csr.values, int(used.sum())
    )
    return smaller, users[held], items[used]
