"""Copy the rows of a query from a database to DuckDB or a file, in bounded memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import ipaddress
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from penchant._scratch import PREFIX, scratch_folder
from penchant.data.io import database
from penchant.data.io.read_only import check_reads, forbid_writing
from penchant.data.io.tables import check_file, copy
from penchant.data.io.workspace import LIST_SEPARATOR, workspace
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
    ipaddress.IPv4Address: "VARCHAR",
    ipaddress.IPv4Interface: "VARCHAR",
    ipaddress.IPv6Address: "VARCHAR",
    ipaddress.IPv6Interface: "VARCHAR",
}
_LISTS = "VARCHAR[]"
_READ = frozenset({*_TYPES.values(), "TIMESTAMPTZ", _LISTS})
# a type of values that can't be read → what to do in the query
_REMEDIES = {
    "bytes values": "leave it out, or encode(…, 'hex') as text",
    "dict values": "leave it out, or select one field as text by ->>",
    "list values": "leave it out, or unnest(…) to a row for each value",
    "timedelta values": "leave it out, or extract(epoch FROM …) as seconds",
}
_NAME = 19
"""The type of PostgreSQL's USER, by its number; columns of tables are texts."""
_ROLES = ("user", "current_user", "session_user")
# pairs of types of which one includes the other → the larger one
_JOINED = {frozenset({"BIGINT", "DOUBLE"}): "DOUBLE", frozenset({"DATE", "TIMESTAMP"}): "TIMESTAMP"}


@dataclass(frozen=True)
class Pulled:
    """The rows of a query in DuckDB, as text in the table ``pulled``.

    Attributes
    ----------
    names
        The names of its columns; in DuckDB they are called c0, c1, …
    types
        The type of each column, or None for one that can't be read.
    faults
        Column → why it can't be read.
    """

    names: tuple[str, ...]
    types: tuple[str | None, ...]
    faults: dict[int, str]

    @property
    def relation(self) -> str:
        """The SQL of the relation with typed columns; one that can't be read is empty."""
        return f"(SELECT {', '.join(map(self._typed, range(len(self.names))))} FROM pulled)"

    def named(self) -> str:
        """Return the SQL of the relation with the names of the query.

        Raises
        ------
        DataError
            If a column can't be read, or has no name.
        """
        for fault in self.faults.values():
            raise DataError(fault)
        if "" in self.names:
            raise DataError("the query has a column without a name: name it with AS")
        typed = (f"{self._typed(n)} AS {_quoted(name)}" for n, name in enumerate(self.names))
        return f"(SELECT {', '.join(typed)} FROM pulled)"

    def _typed(self, place: int) -> str:
        kind = self.types[place]
        if kind == _LISTS:
            return f"IF(c{place} = '', [], string_split(c{place}, '{LIST_SEPARATOR}'))"
        return "NULL" if kind is None else f"CAST(c{place} AS {kind})"


def pull(con: Any, address: str, query: str, *, on_rows: OnRows | None = None) -> Pulled:
    """Copy the rows of a query to DuckDB.

    Rows are copied in pages as text and converted at the end, when the type of each column is
    known (SQLite's columns have none). Integers, texts, numbers and times keep their types.

    Raises
    ------
    DataError
        If the database or the query fails, or the query does more than read.
    SettingsError
        If it is not an address of a database.
    """
    url = database.parsed(address)
    check_reads(query)
    with database.translated_errors(url, DataError), _result(url, query) as result:
        names = _names(result)
        seen: list[set[str]] = [set() for _ in names]
        roles = _roles(result, names)
        columns = ", ".join(f"c{place} VARCHAR" for place in range(len(names)))
        con.execute(f"CREATE TABLE pulled ({columns})")
        here = 0
        for page in result.partitions(_AT_ONCE):
            table = {
                f"c{place}": _texts(column, seen[place])
                for place, column in enumerate(zip(*page, strict=True))
            }
            con.register("page", table)
            con.execute("INSERT INTO pulled SELECT * FROM page")
            con.unregister("page")
            here += len(page)
            if on_rows:
                on_rows(here)
    types = [_joined(kinds) for kinds in seen]
    faults = {
        place: _fault(names[place], seen[place]) for place, kind in enumerate(types) if kind is None
    } | roles
    types = [None if place in faults else kind for place, kind in enumerate(types)]
    return Pulled(tuple(names), tuple(types), faults)


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
            scratch_folder(f".{to.name}.{PREFIX}", to.parent) as scratch,
            workspace(_MEMORY_LIMIT) as work,
        ):
            con = work.con
            copy(con, pull(con, address, query, on_rows=on_rows).named(), to, scratch)
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
            if database.is_sqlite(url):
                forbid_writing(con.connection.driver_connection)
            result = con.exec_driver_sql(query)
            if not result.returns_rows:
                raise DataError(f"the query returns no rows, it is not a SELECT: {query[:80]!r}")
            yield result
    finally:
        engine.dispose()


def _read_only(url: sa.URL) -> sa.URL:
    """Return the address that opens a SQLite file read-only, which does not create it."""
    path = url.database or ""
    if not database.is_sqlite(url):
        return url
    if path.startswith("file:"):
        return url.update_query_dict({"mode": "ro", "uri": "true"})
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


def _roles(result: sa.CursorResult[Any], names: Sequence[str]) -> dict[int, str]:
    """Return the columns that hold PostgreSQL's USER, the role that reads, with the remedy."""
    described = getattr(result.cursor, "description", None) or ()
    return {
        place: f"column {name!r} of the query is the role that reads the database, which "
        f'PostgreSQL calls {name.upper()}: write "{name}" in double quotes for a column of a table'
        for place, (name, column) in enumerate(zip(names, described, strict=False))
        if name in _ROLES and column[1] == _NAME
    }


def _texts(column: Sequence[Any], seen: set[str]) -> Any:
    """Return a page of a column as text; add the types of its values to those seen."""
    kinds = {*map(type, column)} - {type(None)}
    if kinds == {list} and _hold_plain(column):
        seen.add(_LISTS)
        column = [None if value is None else _joined_text(value) for value in column]
        return np.array(column, dtype=object)
    for kind in kinds:
        zoned = kind is dt.datetime and any(v is not None and v.tzinfo for v in column)
        seen.add("TIMESTAMPTZ" if zoned else _TYPES.get(kind, f"{kind.__name__} values"))
    if kinds != {str}:
        column = [None if value is None else str(value) for value in column]
    return np.array(column, dtype=object)


def _hold_plain(column: Sequence[list[Any] | None]) -> bool:
    """Return whether all lists hold texts and numbers."""
    kinds = {type(part) for value in column for part in value or ()} - {type(None)}
    return kinds <= {str, int, float, decimal.Decimal, uuid.UUID}


def _joined_text(values: Sequence[Any]) -> str:
    return LIST_SEPARATOR.join(str(value) for value in values if value is not None)


def _joined(seen: set[str]) -> str | None:
    """Return the type that holds all of a column, or None."""
    if len(seen) < 2:
        kind = next(iter(seen), "VARCHAR")
        return kind if kind in _READ else None
    return _JOINED.get(frozenset(seen))


def _fault(name: str, seen: set[str]) -> str:
    other = sorted(kind for kind in seen if kind.endswith(" values"))
    if other:
        remedy = _REMEDIES.get(other[0], "leave it out, or CAST it to text or a number")
        return f"column {name!r} of the query holds {other[0]}: {remedy}"
    return (
        f"column {name!r} of the query mixes {' and '.join(sorted(seen))} values: make them alike "
        "in the query, by CAST"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
