"""Read pieces of a source: check their rows, and write those that hold an interaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from penchant.data.disk.pieces import PIECE_BYTES, Piece, SourceFile
from penchant.data.disk.progress import run, watching
from penchant.data.disk.work import Result, WorkFolder
from penchant.data.disk.workers import Limits
from penchant.data.io.bad_rows import BadRow, BadRows, FoundBad, check_bad, find_bad
from penchant.data.io.columns import Column
from penchant.data.io.event_columns import choose_event_columns, note_of_events
from penchant.data.io.merge import FIXED_POINT, Tally, tally_rows
from penchant.data.io.open import ParquetPart, open_files, open_tables
from penchant.data.io.options import ReaderOptions
from penchant.data.io.pipeline import Opened, choose_columns
from penchant.data.io.sql import sql_text
from penchant.data.io.stage import id_kinds, stage
from penchant.data.io.table import Table
from penchant.data.io.workspace import Workspace
from penchant.errors import ColumnError, DataError

BUCKETS = 1 << 16
"""Users are in so many buckets by the hash of their ids; a partition is some of them."""
_PLACES = 40  # bits of the place of a row in its piece
_NUMERIC = ("value", "timestamp")


@dataclass(frozen=True)
class Reading:
    """How the pieces of a source are read.

    Attributes
    ----------
    columns
        Role → column, None where it is not named.
    duplicates
        The policy for rows of the same pair, or None.
    options
        How the source is written and read.
    event
        The column of types of a log of events, or None.
    first
        The first file, whose columns all files of Parquet must have; None: there are no files.
    label
        What the files of Parquet are called in messages.
    is_partitioned
        Whether rows are written in the order of the buckets of their users.
    """

    columns: Mapping[str, Column | None]
    duplicates: str | None
    options: ReaderOptions
    event: Column | None = None
    first: SourceFile | None = None
    label: str = ""
    is_partitioned: bool = False

    @property
    def requested(self) -> Mapping[str, Column | None]:
        """Role → column, with the column of event types if there is one."""
        return self.columns if self.event is None else {**self.columns, "event": self.event}

    def open(self, space: Workspace, source: Any) -> Opened:
        """Open a whole source.

        Raises
        ------
        DataError
            If it can't be opened.
        """
        tables = open_tables(space, source, self.requested, self.options, numeric=_NUMERIC)
        return self.choose(space, tables)

    def choose(self, space: Workspace, tables: Sequence[Table]) -> Opened:
        """Choose the columns of opened tables."""
        if self.event is None:
            return choose_columns(space, tables, self.columns, self.duplicates)
        return choose_event_columns(space, tables, self.columns, self.event)


@dataclass(frozen=True)
class ReadTask:
    """A piece to read."""

    name: str
    work: WorkFolder
    limits: Limits
    reading: Reading
    piece: Piece


def name_of_piece(piece: Piece, reading: Reading) -> str:
    """Return the name of the result of a piece, which is that of no other piece."""
    names = [file.name for file in piece.files]
    digest = zlib.crc32(repr((names, piece.rows, reading.is_partitioned)).encode())
    return f"read-{piece.number:06}-{digest:08x}"


def read_piece(task: ReadTask) -> Result:
    """Read a piece, and write its rows and its ids."""
    reading, limits, piece = task.reading, task.limits, task.piece
    assert reading.first is not None
    is_small = sum(file.size for file in piece.files) < 2 * PIECE_BYTES
    with replace(limits, in_memory=is_small or piece.rows is not None).workspace() as space:
        paths = [
            file.fetch(space.scratch / "source" / f"{number:06}")
            for number, file in enumerate(piece.files)
        ]
        first = paths[0]
        if reading.options.format == "parquet" and reading.first != piece.files[0]:
            first = reading.first.fetch(space.scratch / "source" / "first")
        tables = open_files(
            space,
            paths,
            reading.requested,
            reading.options,
            numeric=_NUMERIC,
            part=ParquetPart(first, piece.rows, reading.label),
        )
        opened = reading.choose(space, tables)
        return write_rows(space, opened, reading, task.work, task.name, piece.number)


def write_rows(
    space: Workspace, opened: Opened, reading: Reading, work: WorkFolder, name: str, number: int
) -> Result:
    """Check the rows of a source, and write those that hold an interaction, and their ids.

    Parameters
    ----------
    space
        Where the source was opened.
    opened
        The source.
    reading
        How it is read.
    work
        Where the result is stored.
    name
        The name of the task.
    number
        The number of the piece.
    """
    con, roles = space.con, opened.roles
    with watching(con):
        options = reading.options
        begins = stage(con, opened.tables, opened.fields, options.time_format, options.decimal)
    faults = find_bad(con, opened.tables, begins)
    tally = tally_rows(con, roles)
    (n_rows,) = con.execute("SELECT count(*) FROM staged").fetchone()
    value = {
        "n_tables": len(opened.tables),
        "label": opened.tables[0].label,
        "noun": opened.tables[0].noun,
        "described": opened.described,
        "notes": opened.notes,
        "roles": list(roles),
        "kinds": id_kinds(opened.tables, opened.fields),
        "policy": opened.policy,
        "tally": asdict(tally),
        "n_staged": n_rows,
        "bad": {"n": faults.n, "rows": faults.rows, "first": [list(row) for row in faults.first]},
        "precision": _precision(con, roles),
        "newest": _newest(con, roles),
    }
    if faults.n and not reading.options.skip_bad_lines:
        return work.complete(name, value)
    return work.complete(name, value, _write(con, opened, reading, work, name, number))


def _precision(con: Any, roles: Sequence[str]) -> dict[str, Any]:
    """Return what sums of the values of a piece need to be exact."""
    if "value" not in roles:
        return {"is_whole": True, "is_fixed": True, "total": 0.0}
    value = value_sql(roles)
    fixed = f"{value} * {FIXED_POINT}"
    is_whole, is_fixed, total = con.execute(
        f"SELECT bool_and({value} = trunc({value})), bool_and({fixed} = trunc({fixed})), "
        f"sum(abs({value})) FROM good"
    ).fetchone()
    # without rows they are NULL
    return {"is_whole": is_whole is not False, "is_fixed": is_fixed is not False,
            "total": total or 0.0}  # fmt: skip


def value_sql(roles: Sequence[str]) -> str:
    """Return the SQL of the value of a row; those of events are float32, as in memory."""
    return "v::FLOAT::DOUBLE" if "event" in roles else "v"


def _newest(con: Any, roles: Sequence[str]) -> int | None:
    """Return the newest timestamp of a piece of events, from which ages are counted."""
    if "event" not in roles or "timestamp" not in roles:
        return None
    newest: int | None = con.execute("SELECT max(t) FROM good").fetchone()[0]
    return newest


def _write(
    con: Any, opened: Opened, reading: Reading, work: WorkFolder, name: str, number: int
) -> dict[str, Path]:
    """Write the rows of a piece and the distinct ids of both sides."""
    columns = ["u", "i"]
    if "value" in opened.roles:
        columns.append(f"{value_sql(opened.roles)} AS v")
    if "timestamp" in opened.roles:
        columns.append("t")
    is_of_events = "event" in opened.roles
    if is_of_events:
        columns.append("e" if "value" in opened.roles else "e, 1.0::DOUBLE AS v")
    if is_of_events or "value" in opened.roles or opened.policy == "last":
        columns.append(f"({number}::BIGINT << {_PLACES}) | place AS place")
    order = ""
    if reading.is_partitioned:
        columns.insert(0, f"{bucket_sql('u')} AS h")
        order = " ORDER BY h"
    files = {
        "rows": f"SELECT {', '.join(columns)} FROM good{order}",
        "users": "SELECT DISTINCT u AS id FROM good",
        "items": "SELECT DISTINCT i AS id FROM good",
    }
    if is_of_events:
        files["types"] = "SELECT DISTINCT e AS id FROM good"
    return {part: copy(con, query, work.draft(f"{name}-{part}")) for part, query in files.items()}


def copy(con: Any, query: str, path: Path) -> Path:
    """Write the rows of a query to a new file of Parquet, and return its path."""
    run(con, f"COPY ({query}) TO {sql_text(str(path))} (FORMAT parquet)")
    return path


def scan(files: Iterable[str]) -> str:
    """Return the SQL of the rows of files of Parquet, of which there is at least one."""
    return f"read_parquet([{', '.join(map(sql_text, files))}])"


def bucket_sql(column: str) -> str:
    """Return the SQL of the bucket of an id, an integer of 16 bits."""
    return f"(hash({column}) >> 48)::USMALLINT"


# --- all pieces -------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """The rows of all pieces of a source.

    Attributes
    ----------
    files
        What they hold (``rows``, ``users``, ``items``; of events ``types``) → the files.
    tally, bad
        Counts of the rows that hold no interaction.
    roles
        The roles that have a column.
    policy
        The policy for rows of the same pair.
    precision
        How sums are exact; see :func:`penchant.data.io.merge.pairs_sql`.
    origin
        What was read, in words.
    notes
        What was assumed about columns.
    is_partitioned
        Whether the rows have a column ``h``, the bucket of the user, which they are sorted by.
    newest
        The newest timestamp of events, or None.
    total
        The sum of the absolute values of all rows, or their number if they have none.
    """

    files: Mapping[str, tuple[str, ...]]
    tally: Tally
    bad: BadRows
    roles: tuple[str, ...]
    policy: str
    precision: str
    origin: str
    notes: tuple[str, ...]
    is_partitioned: bool
    newest: int | None = None
    total: float = 0.0

    @property
    def n_good(self) -> int:
        """The number of rows that hold an interaction."""
        tally = self.tally
        return tally.rows - tally.nameless - tally.valueless - tally.zeros - self.bad.n


def check_alike(first: Result, other: Result) -> None:
    """Check that a piece has columns of the same roles and types of ids as the first.

    Raises
    ------
    DataError
        If it has others.
    """
    if other.value["roles"] != first.value["roles"]:
        raise ColumnError("the files have different columns: give user=, item= and value=")
    for role, kind in other.value["kinds"].items():
        if first.value["kinds"][role] != kind:
            integers = (first if kind == "text" else other).value["label"]
            raise DataError(f"{role} ids are texts in some files and integers in {integers}")


def combined(results: Sequence[Result], reading: Reading) -> Rows:
    """Add up the counts of all pieces.

    Raises
    ------
    BadLinesError
        If there are bad rows, which are not to be skipped.
    EmptyDataError
        If there are no events in a log of them.
    """
    values = [result.value for result in results]
    first = values[0]
    n_tables = 1 if first["noun"] == "row" else sum(value["n_tables"] for value in values)
    label = first["label"] if n_tables == 1 else f"{n_tables} files ({first['label']}, …)"
    where = first["label"] if n_tables == 1 else f"{n_tables} files"
    bad = check_bad(_bad(values), reading.options, first["noun"], where, named=n_tables > 1)
    counts = [value["tally"] for value in values]
    tally = Tally(**{name: sum(count[name] for count in counts) for name in counts[0]})
    origin, notes = f"{label}{first['described']}", tuple(first["notes"])
    if reading.event is not None:
        notes = (note_of_events(tally, bad.n, origin), *notes)
    parts = ("rows", "users", "items", *(() if reading.event is None else ("types",)))
    times = [value["newest"] for value in values if value["newest"] is not None]
    rows = Rows(
        {part: tuple(result.files[part] for result in results) for part in parts},
        tally,
        bad,
        tuple(first["roles"]),
        first["policy"],
        _combined_precision([value["precision"] for value in values]),
        origin,
        notes,
        reading.is_partitioned,
        max(times, default=None),
        sum(value["precision"]["total"] for value in values),
    )
    return rows if "value" in rows.roles else replace(rows, total=float(rows.n_good))


def _bad(values: Sequence[Mapping[str, Any]]) -> FoundBad:
    """Return the bad rows of all pieces; rows of Parquet are numbered through all files."""
    before, rows = 0, []
    for value in values:
        own = [BadRow(*row) for row in value["bad"]["first"]]
        if value["noun"] == "row":
            own = [row._replace(number=row.number + before) for row in own]
        rows += own
        before += value["n_staged"]
    n, n_rows = (sum(value["bad"][name] for value in values) for name in ("n", "rows"))
    return FoundBad(n, n_rows, tuple(rows))


def _combined_precision(parts: Sequence[Mapping[str, Any]]) -> str:
    total = sum(part["total"] for part in parts)
    if all(part["is_whole"] for part in parts) and total < 2.0**53:
        return "whole"
    return "fixed" if all(part["is_fixed"] for part in parts) and total < 2.0**46 else "ordered"
