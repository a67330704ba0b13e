"""Overwrite deleted rows in all files of a database."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy as sa

_VACUUM_BYTES = 256 * 2**20  # larger files would be locked for more than a few seconds


def erase(engine: sa.Engine) -> bool:
    """Remove deleted rows from the files of a database; return whether that succeeded.

    SQLite overwrites deleted cells (``secure_delete``). Older copies of their pages are in the
    write-ahead log, which is moved into the database and cut to length 0; and in unused parts of
    pages, which ``VACUUM`` drops. PostgreSQL drops dead rows by ``VACUUM``; what its own log and
    backups hold is up to their retention.
    """
    try:
        if engine.dialect.name == "sqlite":
            return _erase_file(engine)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
            con.exec_driver_sql("VACUUM penchant_events, penchant_current")
        return True
    except sa.exc.SQLAlchemyError:
        return False


def checkpoint(engine: sa.Engine) -> None:
    """Move the write-ahead log into the database, as far as no reader prevents it."""
    if engine.dialect.name == "sqlite":
        with contextlib.suppress(sa.exc.SQLAlchemyError), engine.connect() as con:
            _cursor(con).execute("PRAGMA wal_checkpoint(PASSIVE)")


def _erase_file(engine: sa.Engine) -> bool:
    with engine.connect() as con:
        cursor = _cursor(con)
        try:
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            size = pages * cursor.execute("PRAGMA page_size").fetchone()[0]
            if size <= _VACUUM_BYTES:
                cursor.execute("VACUUM")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except Exception as error:
            if "locked" in str(error):
                return False
            raise
        finally:
            cursor.close()
    return not busy


def _cursor(con: sa.Connection) -> Any:
    """Return a cursor outside of any transaction."""
    return con.connection.cursor()
