"""Whatever can be read, as relations that DuckDB can scan: files of all kinds and frames."""

from __future__ import annotations

import glob
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.io.columns import Column, has_header
from penchant.data.io.database import is_address, parsed, shown
from penchant.data.io.delimited import (
    TextFile,
    TextOptions,
    lines_sql,
    literal_path,
    open_text,
    sql_text,
)
from penchant.data.io.utf8 import plain_text
from penchant.errors import ColumnError, DataError, EmptyDataError, SettingsError, require

# what separates the entries of a list (the tags of an item) once it is a text
LISTED = "\x1f"
FORMATS = ("text", "parquet", "jsonl")
_FORMAT_OF = {
    ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One table, opened.

    Attributes
    ----------
    label
        What to call it in messages.
    noun
        What its rows are called: ``"line"`` or ``"row"``.
    columns
        The names of its columns, or None.
    width
        How many there are.
    relation
        SQL after FROM.
    cell
        Column → SQL of its cell.
    kind
        Column → ``text``, ``integer``, ``float``, ``boolean``, ``time``, ``mixed`` (of JSON: texts
        that must be looked at one by one) or another type's name.
    misfit
        SQL of what is wrong with a row as a whole, NULL where nothing is.
    blank
        SQL of whether there is no row.
    shown
        SQL of a row as text, for messages.
    begins
        The number of its first row.
    expected
        How many rows the relation must have, or None.
    how
        For the notes: ``("tab-separated", "header")``.
    meant
        Role → column where there is no doubt: in records.
    numbers
        The numbers of its rows where they don't just follow each other.
    plain
        The delimited file and how many of its lines come before the rows, where its lines are
        split by their separator and nothing else.
    """

    label: str
    noun: str
    columns: tuple[str, ...] | None
    width: int
    relation: str
    cell: Callable[[int], str]
    kind: Callable[[int], str]
    misfit: str = "NULL"
    blank: str = "false"
    shown: str = "NULL"
    begins: int = 1
    expected: int | None = None
    how: tuple[str, ...] = ()
    meant: Mapping[str, int] = field(default_factory=dict)
    numbers: npt.NDArray[np.int64] | None = None
    plain: tuple[TextFile, int] | None = None

    def number(self, row: int) -> int:
        """The number of a row, from 0 among those of the relation, in the file."""
        return self.begins + row if self.numbers is None else int(self.numbers[row])

    def column_name(self, place: int) -> str:
        """What a column is called in messages."""
        return repr(self.columns[place]) if self.columns else f"column {place}"


def sources_of(
    con: Any,
    source: Any,
    scratch: Path,
    given: Mapping[str, Column | None],
    *,
    options: TextOptions,
    format: str | None = None,  # noqa: A002 - the public argument's name
    numeric: Sequence[str] = (),
    query: str | None = None,
) -> list[Source]:
    """Open a path, a glob, a folder of Parquet, a query, a frame, or a list of records.

    Parameters
    ----------
    con
        A DuckDB connection, which frames are registered with.
    source
        What to read.
    scratch
        A folder for copies.
    given
        Role → column, as the caller gave them: they say whether a header is there.
    options
        How text files are written.
    format
        ``"text"``, ``"parquet"``, ``"jsonl"``, or None to go by the name of the file.
    numeric
        The roles whose columns must be numbers.
    query
        The SQL of what to read, where the source is the address of a database.
    """
    if is_address(source) or query is not None:
        return [_query(con, source, query)]
    if format is not None and format not in FORMATS:
        raise SettingsError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    if not isinstance(source, str | os.PathLike):
        return [_frame(con, source)]
    paths = [_rewindable(path, scratch) for path in _paths(source)]
    kind = format or _format(paths[0])
    if kind == "parquet":
        return [_parquet(con, paths)]
    if kind == "jsonl":
        return [_jsonl(con, path, scratch, options, given) for path in paths]
    return [_text(path, scratch, options, given, numeric) for path in paths]


def name_of(source: Any) -> str | None:
    """The name of a file or database without its suffixes, or None for what is none."""
    if is_address(source):
        source = parsed(source).database or "query"
    if not isinstance(source, str | os.PathLike):
        return None
    name = Path(source).name
    return name.split(".")[0] or name


# --- files ------------------------------------------------------------------------------


def _paths(source: str | os.PathLike[str]) -> list[Path]:
    if not os.fspath(source):
        raise DataError("there is no file '': the path is empty")  # and not this very folder
    path = Path(os.fspath(source)).expanduser()
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".parquet", ".pq"))
        if not found:
            raise DataError(f"the folder {path} holds no Parquet files: name a file, or a glob")
        return found
    if path.exists():
        return [path]
    if any(letter in str(path) for letter in "*?["):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
        found = [p for p in found if p.is_file()]
        if found:
            return found
        raise DataError(f"no file matches {str(path)!r}")
    raise DataError(f"there is no file {str(path)!r} (from the folder {Path.cwd()})")


def _rewindable(path: Path, scratch: Path) -> Path:
    """The path, or a copy of what comes out of a pipe: it can be read only once."""
    if stat.S_ISREG(path.stat().st_mode):
        return path
    copy = scratch / path.name
    with path.open("rb") as pipe, copy.open("wb") as target:
        shutil.copyfileobj(pipe, target)
    return copy


def _format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        return "parquet"
    if head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"BZh9", b"\xfd7zX"):
        raise DataError(f"{path.name} is a packed archive or a spreadsheet: unpack or export it")
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst", ".zstd")]
    return _FORMAT_OF.get(suffixes[-1] if suffixes else "", "text")


def _text(
    path: Path,
    scratch: Path,
    options: TextOptions,
    given: Mapping[str, Column | None],
    numeric: Sequence[str],
) -> Source:
    file = open_text(path, scratch, options)
    header = has_header(file.first, given, options.header, numeric)
    skip = file.first_line if header else 0
    width = len(file.first) if header else file.usual_width
    return Source(
        label=path.name,
        noun="line",
        columns=tuple(name.strip() for name in file.first) if header else None,
        width=width,
        relation=file.relation(skip),
        cell=file.field,
        kind=lambda _: "text",
        misfit=file.misfit(width),
        blank="line IS NULL",
        shown=file.shown,
        begins=skip + 1,
        expected=file.plain.lines - skip,
        how=(*file.how, "header" if header else "no header"),
        plain=None if file.marks else (file, skip),
    )


def _parquet(con: Any, paths: list[Path]) -> Source:
    files = ", ".join(sql_text(literal_path(path)) for path in paths)
    relation = f"read_parquet([{files}], hive_partitioning=false)"
    label = paths[0].name if len(paths) == 1 else f"{len(paths)} files ({paths[0].name}, …)"
    return _typed(con, relation, label, ("Parquet",))


def _jsonl(
    con: Any,
    path: Path,
    scratch: Path,
    options: TextOptions,
    given: Mapping[str, Column | None],
) -> Source:
    plain = plain_text(path, scratch, encoding=options.encoding, quote=None)
    if not plain.lines:
        raise EmptyDataError(f"{path.name} is empty")
    lines = lines_sql(plain.path, plain.marks[0], 0)
    keys = _keys(con, lines, path.name, given)
    pointers = ", ".join(sql_text("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys)
    relation = (
        "(SELECT line, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' "
        f"THEN json_extract(line, [{pointers}]) END AS f FROM {lines})"
    )
    return Source(
        label=path.name,
        noun="line",
        columns=keys,
        width=len(keys),
        relation=relation,
        cell=lambda place: f"(f[{place + 1}] ->> '$')",
        kind=lambda place: _json_kind(con, relation, place),
        misfit="CASE WHEN f IS NULL THEN 'not a JSON object' END",
        blank="line IS NULL",
        shown="line",
        expected=plain.lines,
        how=("JSON lines", *plain.remarks),
    )


def _keys(con: Any, lines: str, label: str, given: Mapping[str, Column | None]) -> tuple[str, ...]:
    if any(isinstance(column, int) for column in given.values()):
        raise ColumnError(f"{label} is JSON: its columns go by name, not by position")
    rows = con.execute(
        "SELECT DISTINCT ON (key) key FROM (SELECT unnest(json_keys(line)) AS key FROM "
        f"(SELECT line FROM {lines} WHERE line IS NOT NULL LIMIT 1000) "
        "WHERE json_valid(line) AND json_type(line) = 'OBJECT')"
    ).fetchall()
    if not rows:
        raise DataError(f"the first lines of {label} are not JSON objects, one a line")
    return tuple(sorted(key for (key,) in rows))


def _json_kind(con: Any, relation: str, place: int) -> str:
    rows = con.execute(
        f"SELECT DISTINCT json_type(f[{place + 1}]) FROM {relation} WHERE f IS NOT NULL"
    ).fetchall()
    types = {kind for (kind,) in rows if kind not in (None, "NULL")}
    if types <= {"VARCHAR"}:
        return "text"
    if types <= {"BIGINT", "UBIGINT"}:
        return "integer"
    if types <= {"BIGINT", "UBIGINT", "DOUBLE"}:
        return "float"
    return "boolean" if types == {"BOOLEAN"} else "mixed"


# --- databases --------------------------------------------------------------------------


def _query(con: Any, source: Any, query: str | None) -> Source:
    from penchant.data.io.queries import pull

    if not is_address(source):
        raise SettingsError("query= goes with the address of a database: sqlite:///file.db")
    if query is None:
        raise SettingsError(
            "a database needs a query, the SELECT that gives users, items and perhaps values"
        )
    relation = pull(con, source, query)
    return _typed(con, relation, f"the query of {shown(parsed(source))}", ())


# --- frames -----------------------------------------------------------------------------


def _frame(con: Any, source: Any) -> Source:
    if isinstance(source, list | tuple):
        table: Any = _records(source)
        label = "the list of records"
        meant = {role: place for place, role in enumerate(table)}
    else:
        table, label = _scannable(source)
        meant = {}
    try:
        con.register("frame", table)
    except Exception as error:
        raise DataError(f"can't read {label}: {error}") from error
    return replace(_typed(con, "frame", label, ()), meant=meant)


def _scannable(source: Any) -> tuple[Any, str]:
    """What DuckDB can scan of a frame, without a copy where it is possible."""
    import narwhals as nw

    try:
        frame: Any = nw.from_native(source)
    except (TypeError, ValueError, nw.exceptions.NarwhalsError) as error:
        raise DataError(
            f"can't read interactions from {type(source).__name__}: give the path of a file, a "
            f"pandas, polars or pyarrow frame, or a SciPy matrix ({error})"
        ) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise DataError(f"a frame is needed, got a {type(source).__name__}")
    label = f"the {frame.implementation.name.lower()} frame"
    if frame.implementation.is_pandas():
        native = frame.to_native()
        _refuse_mixed(native)
        return native, label
    require("pyarrow", extra=None, what=f"{frame.implementation.name.lower()} frames")
    return frame.to_arrow(), label


def _refuse_mixed(frame: Any) -> None:
    """Pandas columns of Python objects: DuckDB would turn 1 and "1" into the same id."""
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        kinds = {type(value) for value in frame[name].dropna()}
        if len({str if issubclass(kind, str) else kind for kind in kinds}) > 1:
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise DataError(f"column {name!r} mixes types: {names}; make them alike first")


def _records(rows: Sequence[Any]) -> dict[str, Any]:
    """(user, item[, value[, timestamp]]) tuples as columns."""
    from penchant.data.ids import ids_array

    if not rows:
        raise EmptyDataError("the list of records is empty")
    widths = {len(row) if isinstance(row, list | tuple) else 0 for row in rows}
    if len(widths) != 1 or not widths <= {2, 3, 4}:
        raise DataError("records must all be (user, item), (user, item, value) or the like")
    columns = list(zip(*rows, strict=True))
    table: dict[str, Any] = {
        "user": ids_array(columns[0], "user"),
        "item": ids_array(columns[1], "item"),
    }
    for name, column in zip(("value", "timestamp"), columns[2:], strict=False):
        try:
            table[name] = np.array(column, dtype=np.float64 if name == "value" else np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"a {name} in the records is not a number: {error}") from error
    return table


def _typed(con: Any, relation: str, label: str, how: tuple[str, ...]) -> Source:
    described = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    names = tuple(str(row[0]) for row in described)
    kinds = [_kind(str(row[1])) for row in described]

    def cell(place: int) -> str:
        column = '"' + names[place].replace('"', '""') + '"'
        if kinds[place].endswith("[]"):
            return f"array_to_string({column}, '{LISTED}')"
        return f"CAST({column} AS VARCHAR)" if kinds[place] == "text" else column

    return Source(label, "row", names, len(names), relation, cell, kinds.__getitem__, how=how)


def _kind(sql_type: str) -> str:
    """What a type of DuckDB is for us; lists and all else keep their own name."""
    base = sql_type.partition("(")[0].upper()
    if sql_type.endswith("[]"):
        return sql_type
    if base in ("VARCHAR", "ENUM", "UUID"):
        return "text"
    if base.removeprefix("U") in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"):
        return "integer"
    if base in ("FLOAT", "DOUBLE", "DECIMAL"):
        return "float"
    if base == "BOOLEAN":
        return "boolean"
    return "time" if base == "DATE" or base.startswith("TIMESTAMP") else sql_type
