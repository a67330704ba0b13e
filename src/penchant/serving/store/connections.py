"""Open the database of a store, and create or migrate its tables."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from penchant._scratch import scratch_folder
from penchant.data.io import database
from penchant.errors import StoreError
from penchant.serving.store import erasure, migrations
from penchant.serving.store.placement import Placement, create_private


def placed(url: sa.URL, scratch: contextlib.ExitStack) -> sa.URL:
    """Return the URL; a store without a file gets a temporary one, removed with ``scratch``."""
    if not database.is_sqlite(url) or url.database not in (None, "", ":memory:"):
        return url
    return url.set(database=str(scratch.enter_context(scratch_folder()) / "store.db"))


def opened(url: sa.URL) -> sa.Engine:
    """Return the engine of a store; no commit is over before it is on the disk."""
    if not database.is_sqlite(url):
        engine = database.engine_of(url)
        sa.event.listen(engine, "connect", _limit_waiting)
        return engine
    if url.database and "uri" not in url.query:
        create_private(Path(url.database))
    engine = database.engine_of(url, max_overflow=-1)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # WAL with FULL: the log is on the disk before a commit is over
        for pragma in ("synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _limit_waiting(connection: Any, _: object) -> None:
    """Let PostgreSQL wait for locks no longer than SQLite does."""
    connection.autocommit = True  # a transaction that is rolled back would reset it
    connection.execute(f"SET lock_timeout = '{database.PATIENCE}s'")
    connection.autocommit = False


def prepare(engine: sa.Engine) -> None:
    """Create or migrate the tables; several processes may do so at the same time."""
    with engine.begin() as con:
        migrations.check(con)  # before another program's database is changed
    if engine.dialect.name == "sqlite":
        _set_wal(engine)
    with database.writing(engine).begin() as con:
        if engine.dialect.name == "postgresql":
            # there may be no row to lock yet; the number of the lock is arbitrary
            con.execute(sa.select(sa.func.pg_advisory_xact_lock(7_461_636_974)))
        migrations.migrate(con)
    erasure.checkpoint(engine)  # a copy of the file alone has its tables


def placement_of(engine: sa.Engine) -> Placement:
    """Return the files of an open database; none for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return Placement(None)
    with engine.begin() as con:
        rows = con.exec_driver_sql("PRAGMA database_list").all()
    [path] = [file for _, name, file in rows if name == "main"]
    return Placement(Path(path))


def _set_wal(engine: sa.Engine) -> None:
    """Enable write-ahead logging, so that readers need not wait; it persists in the file."""
    deadline = time.monotonic() + database.PATIENCE
    while True:
        try:
            with contextlib.closing(engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            return
        except Exception as error:  # SQLite does not wait for another process here
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise StoreError(f"can't set up {database.shown(engine.url)}: {error}") from error
            time.sleep(0.02)
