"""Open the store of a URL."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from penchant._boundary import checked
from penchant.data.io import database
from penchant.errors import StoreError, require
from penchant.serving.store.base import Store

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["open_store"]

# an interrupted pool logs a traceback, then raises; the error suffices where no logging is set up
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())


@checked
def open_store(url: str = "sqlite:///penchant.db") -> Store:
    """Open a store; it is created if missing, and migrated if older.

    Parameters
    ----------
    url
        ``sqlite:///file.db`` (relative) or ``sqlite:////folder/file.db``; ``sqlite://`` for
        a temporary one, deleted when closed; or ``postgresql://user:password@host/name``.

    Raises
    ------
    SettingsError
        If the URL is not supported.
    StoreError
        If the database can't be used: missing, damaged, of another program, or created by a
        later version.
    MissingExtraError
        If SQLAlchemy, or the PostgreSQL driver, is not installed.
    """
    require("sqlalchemy", extra="serve", what="Stores")
    from penchant.serving.store.database import DatabaseStore

    return DatabaseStore(url)


def existing_store(url: str, option: str) -> Store:
    """Open a store that a server made; a mistyped URL would create an empty one.

    Parameters
    ----------
    url
        See :func:`open_store`.
    option
        What the caller calls the URL, for messages.

    Raises
    ------
    StoreError
        If there is no such database, or no server has stored events in it.
    """
    require("sqlalchemy", extra="serve", what="Stores")
    hint = f"give the database of the server that stored the events with {option}"
    parts = database.parsed(url)
    if database.is_sqlite(parts):
        if parts.database in (None, "", ":memory:"):
            raise StoreError(f"{option}: a temporary database holds no events: {hint}")
        path = Path(parts.database)
        if not path.is_file():
            raise StoreError(
                f"{option}: there is no database {str(path)!r} (from the folder {Path.cwd()}): "
                f"{hint}"
            )
    if not _holds_store(parts):
        raise StoreError(
            f"{option}: no server has stored events in {database.shown(parts)}: {hint}"
        )
    return open_store(url)


def remove_log(url: str) -> None:
    """Move what a write-ahead log holds into the SQLite database, and remove the log.

    SQLite does so when the last process closes the database; of processes that close it at the
    same moment, each may find that another one still has it open, and the log stays. Does nothing
    for other databases, and where there is no log or the database is in use.
    """
    parts = database.parsed(url)
    if not database.is_sqlite(parts) or parts.database in (None, "", ":memory:"):
        return
    path = Path(parts.database)
    if path.is_file() and path.with_name(f"{path.name}-wal").exists():
        from penchant.serving.store.erasure import checkpoint

        engine = database.engine_of(parts)
        checkpoint(engine)
        engine.dispose()


def _holds_store(url: sa.URL) -> bool:
    """Return whether a database has the tables of a store; it is not changed."""
    import sqlalchemy as sa

    engine = database.engine_of(url)
    try:
        with database.translated_errors(url, StoreError), engine.connect() as con:
            return "penchant_store" in sa.inspect(con).get_table_names()
    finally:
        engine.dispose()
