"""Copy the rows of a query from a database to DuckDB or a file, in bounded memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from penchant.data.io import database
from penchant.data.io.tables import check_file, copy
from penchant.data.io.workspace import workspace
from penchant.errors import DataError, SettingsError

if TYPE_CHECKING:
    import sqlalchemy as sa

OnRows = Callable[[int], None]
"""Called with the number of rows so far."""

_AT_ONCE = 20_000
_MEMORY_LIMIT = "256MB"
_TYPES: dict[type[Any], str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    decimal.Decimal: "DOUBLE",
    str: "VARCHAR",
    uuid.UUID: "VARCHAR",
    dt.date: "DATE",
    dt.datetime: "TIMESTAMP",
}
# pairs of types of which one includes the other → the larger one
_JOINED = {frozenset({"BIGINT", "DOUBLE"}): "DOUBLE", frozenset({"DATE", "TIMESTAMP"}): "TIMESTAMP"}


def pull(con: Any, address: str, query: str, *, on_rows: OnRows | None = None) -> str:
    """Copy the rows of a query to DuckDB, and return the relation that holds them.

    Rows are copied in pages as text and converted at the end, when the type of each column is
    known (SQLite's columns have none). Integers, texts, numbers and times keep their types.

    Raises
    ------
    DataError
        If the database or the query fails, or a column mixes types.
    SettingsError
        If it is not an address of a database.
    """
    url = database.parsed(address)
    with database.translated_errors(url, DataError), _result(url, query) as result:
        names = _names(result)
        seen: list[set[str]] = [set() for _ in names]
        columns = ", ".join(f"c{place} VARCHAR" for place in range(len(names)))
        con.execute(f"CREATE TABLE pulled ({columns})")
        here = 0
        for page in result.partitions(_AT_ONCE):
            table = {
                f"c{place}": _texts(names[place], column, seen[place])
                for place, column in enumerate(zip(*page, strict=True))
            }
            con.register("page", table)
            con.execute("INSERT INTO pulled SELECT * FROM page")
            con.unregister("page")
            here += len(page)
            if on_rows:
                on_rows(here)
    typed = ", ".join(
        f"CAST(c{place} AS {_joined(name, seen[place])}) AS {_quoted(name)}"
        for place, name in enumerate(names)
    )
    return f"(SELECT {typed} FROM pulled)"


def to_file(address: str, query: str, to: Path, *, on_rows: OnRows | None = None) -> int:
    """Write the rows of a query to a file, ``.parquet``, ``.csv`` or ``.jsonl``; return how many.

    The file appears when it is complete; memory does not grow with the number of rows.

    Raises
    ------
    DataError
        As :func:`pull` does, or if the file can't be written.
    SettingsError
        If it is not an address of a database, or the file's suffix is of no format.
    """
    check_file(to)
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as scratch,
            workspace(_MEMORY_LIMIT) as work,
        ):
            con = work.con
            copy(con, pull(con, address, query, on_rows=on_rows), to, Path(scratch))
            return int(con.execute("SELECT count(*) FROM pulled").fetchall()[0][0])
    except OSError as error:
        raise DataError(f"can't write {to}: {error.strerror or error}") from error


@contextlib.contextmanager
def _result(url: sa.URL, query: str) -> Iterator[sa.CursorResult[Any]]:
    """Run a query in a read-only transaction; its rows are streamed."""
    engine = database.engine_of(_read_only(url))
    options: dict[str, Any] = {
        "no_parameters": True,  # % and : are not placeholders
        "stream_results": True,
        "max_row_buffer": _AT_ONCE,
    }
    if not database.is_sqlite(url):
        options["postgresql_readonly"] = True
    try:
        with engine.connect().execution_options(**options) as con:
            result = con.exec_driver_sql(query)
            if not result.returns_rows:
                raise DataError(f"the query returns no rows, it is not a SELECT: {query[:80]!r}")
            yield result
    finally:
        engine.dispose()


def _read_only(url: sa.URL) -> sa.URL:
    """Return the address that opens a SQLite file read-only, which does not create it."""
    path = url.database or ""
    if not database.is_sqlite(url) or path.startswith("file:"):
        return url
    if path in ("", ":memory:"):
        raise SettingsError("a SQLite database to read from is a file: sqlite:///file.db")
    if not Path(path).is_file():
        raise DataError(f"there is no file {path!r} (from the folder {Path.cwd()})")
    return url.set(database=f"file:{quote(path)}", query={"mode": "ro", "uri": "true"})


def _names(result: sa.CursorResult[Any]) -> list[str]:
    names = list(map(str, result.keys()))
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f"the query has two columns called {min(twice)!r}: name one by AS")
    return names


def _texts(name: str, column: Sequence[Any], seen: set[str]) -> Any:
    """Return a page of a column as text, and add the types of its values to ``seen``."""
    kinds = {*map(type, column)} - {type(None)}
    for kind in kinds:
        if kind not in _TYPES:
            raise DataError(
                f"column {name!r} of the query holds {kind.__name__} values: leave it out, or "
                "CAST it to text or a number"
            )
        zoned = kind is dt.datetime and any(v is not None and v.tzinfo for v in column)
        seen.add("TIMESTAMPTZ" if zoned else _TYPES[kind])
    if kinds != {str}:
        column = [None if value is None else str(value) for value in column]
    return np.array(column, dtype=object)


def _joined(name: str, seen: set[str]) -> str:
    if len(seen) < 2:
        return next(iter(seen), "VARCHAR")
    joined = _JOINED.get(frozenset(seen))
    if joined is None:
        raise DataError(
            f"column {name!r} of the query mixes {' and '.join(sorted(seen))} values: make them "
            "alike in the query, by CAST"
        )
    return joined


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
