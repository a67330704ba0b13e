"""Open SQLite and PostgreSQL databases by their addresses, through SQLAlchemy."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from penchant.errors import PenchantError, SettingsError, require

if TYPE_CHECKING:
    import sqlalchemy as sa

PATIENCE = 10
"""Seconds to wait for a connection, or for a lock that another process holds."""

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_ADDRESS = re.compile(r"(sqlite|postgres(ql)?)(\+\w+)?:", re.IGNORECASE)
_EXAMPLES = "sqlite:///file.db or postgresql://user:password@host/name"
# SQLite's primary result codes → what to do
_SQLITE = {
    5: f"another process has kept it locked for {PATIENCE} seconds: end that one, or try again",
    8: "it can't be written: check the permissions of the file and of its folder",
    10: "the disk failed to read or write it",
    11: "it is damaged: restore a backup",
    13: "the disk is full",
    14: "it can't be opened: does its folder exist, and do its permissions allow it?",
    26: "the file is not a SQLite database",
}
_SCHEMA = (
    "give the role a schema of its own, CREATE SCHEMA penchant AUTHORIZATION its_name, and add "
    "?options=-csearch_path%3Dpenchant to the address"
)
# what PostgreSQL and its library say in English → what to do
_POSTGRESQL = {
    "no password supplied": "put it into PGPASSWORD or ~/.pgpass, or into the address",
    "password authentication failed": "is it that of the address, PGPASSWORD or ~/.pgpass?",
    "invalid connection option": "an address has the options of libpq, such as ?sslmode=require",
    "(after year 10K)": "leave it out, by NULLIF(column, 'infinity')",
    "(before year 1)": "leave it out, by NULLIF(column, '-infinity') or a WHERE",
    "permission denied for schema": _SCHEMA,
    "no schema has been selected": _SCHEMA,
    "due to lock timeout": f"another session has kept it locked for {PATIENCE} seconds",
}
_MILLISECONDS = 1_000
# for a server that is cut off: without these, a connection to it waits for a quarter of an hour
_KEPT_ALIVE = {
    "connect_timeout": PATIENCE,
    "keepalives_idle": PATIENCE,
    "keepalives_interval": PATIENCE // 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 3 * PATIENCE * _MILLISECONDS,
}


def is_address(source: object) -> bool:
    """Return whether a text is the address of a database rather than a path."""
    return isinstance(source, str) and bool(_ADDRESS.match(source))


def parsed(address: str) -> sa.URL:
    """Parse the address of a database, and set the driver that penchant uses.

    Raises
    ------
    SettingsError
        If it is not an address, or of another database than SQLite and PostgreSQL. The message
        does not contain it, since there may be a password in it.
    MissingExtraError
        If SQLAlchemy is not installed.
    """
    require("sqlalchemy", extra="postgres", what="Databases")
    import sqlalchemy as sa

    try:
        url = sa.make_url(re.sub("^postgres:", "postgresql:", address, flags=re.I))
    except (sa.exc.ArgumentError, ValueError):
        _check_at(address)
        raise SettingsError(f"this is not the address of a database: give {_EXAMPLES}") from None
    kind = url.drivername.partition("+")[0].lower()
    if kind not in _DRIVERS:
        raise SettingsError(
            f"penchant does not support databases of the kind {kind!r}: give {_EXAMPLES}"
        )
    if kind != "sqlite":
        _check_at(address)
    return url.set(drivername=_DRIVERS[kind])


def _check_at(address: str) -> None:
    """Refuse a password with an @ in it: what follows would be taken, and shown, as the host.

    Raises
    ------
    SettingsError
        If there is a second @, or one after the options.
    """
    begin, _, options = address.partition("?")
    before, at, _ = options.partition("@")
    if begin.count("@") > 1 or ("@" in begin and at and "=" not in before):
        raise SettingsError(
            "the address of a database has one @, before the host: write that of a password as "
            "%40, and % as %25; or leave the password out, and put it into PGPASSWORD or ~/.pgpass"
        )


def shown(url: sa.URL) -> str:
    """Return an address without its password, for messages."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def name_of(url: sa.URL) -> str:
    """Return the name of a database, or of its file without the folder."""
    return PurePath(url.database or url.get_backend_name()).name


def without_password(source: str) -> str:
    """Return a path as it is, and an address without its password."""
    return shown(parsed(source)) if is_address(source) else source


def engine_of(url: sa.URL, **options: Any) -> sa.Engine:
    """Return an engine, which opens connections to a database at their first use.

    Transactions work alike in both databases: they include creating and altering tables.

    Raises
    ------
    MissingExtraError
        If the driver of PostgreSQL is not installed.
    """
    import sqlalchemy as sa

    options = {"hide_parameters": True, **options}
    if is_sqlite(url):
        timeouts = {"timeout": PATIENCE}
    else:
        require("psycopg", extra="postgres", what="PostgreSQL databases")
        timeouts = {name: value for name, value in _KEPT_ALIVE.items() if name not in url.query}
        options = {"pool_pre_ping": True, **options}
    engine = sa.create_engine(url, connect_args=timeouts, pool_timeout=PATIENCE, **options)
    if is_sqlite(url):
        sa.event.listen(engine, "connect", _disable_driver_transactions)
        sa.event.listen(engine, "begin", _begin)
    return engine


def writing(engine: sa.Engine) -> sa.Engine:
    """Return the engine for transactions that write, which lock at their start.

    A SQLite transaction that reads first can't wait for a lock later; it would fail at once.
    """
    return engine.execution_options(penchant_begin="BEGIN IMMEDIATE")


def _disable_driver_transactions(connection: Any, _: object) -> None:
    connection.isolation_level = None


def _begin(con: sa.Connection) -> None:
    con.exec_driver_sql(con.get_execution_options().get("penchant_begin", "BEGIN"))


def is_sqlite(url: sa.URL) -> bool:
    """Return whether it is a SQLite file rather than PostgreSQL."""
    return url.get_backend_name() == "sqlite"


@contextlib.contextmanager
def translated_errors(url: sa.URL, kind: type[PenchantError]) -> Iterator[None]:
    """Convert errors of a database to ``kind``, without SQL and passwords in the message."""
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise kind(f"the database {shown(url)}: {_reason(error)}") from error


def insert(con: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert many rows, passed as columns, into a table; into PostgreSQL by COPY."""
    rows = zip(*columns.values(), strict=True)
    if con.dialect.name == "postgresql":
        _copy(con, table, columns, rows)
        return
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if records:
        con.execute(table.insert(), records)


def _copy(
    con: sa.Connection, table: sa.Table, names: Iterable[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows by COPY, in the transaction of the connection."""
    import psycopg
    import sqlalchemy as sa

    quoted = con.dialect.identifier_preparer
    listed = ", ".join(map(quoted.quote, names))
    command = f"COPY {quoted.format_table(table)} ({listed}) FROM STDIN"
    driver = con.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor, cursor.copy(command.encode()) as stream:
            for row in rows:
                stream.write_row(row)
    except psycopg.Error as error:
        raise sa.exc.DBAPIError(command, None, error) from error


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if isinstance(code, int):
        advice = _SQLITE.get(code & 0xFF)
    else:
        remedies = (remedy for words, remedy in _POSTGRESQL.items() if words in line)
        hint = getattr(getattr(cause, "diag", None), "message_hint", None)
        advice = next(remedies, hint and hint.rstrip("."))
    return f"{line}: {advice}" if advice else line
