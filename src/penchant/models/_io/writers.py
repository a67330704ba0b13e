"""Where answers for everyone go: a file or a table, which appear once they are whole.

What has come is kept together with how far it goes, so that who was stopped goes on from there.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from penchant.data.io import database
from penchant.data.io.tables import check_file, copy
from penchant.errors import DataError, SettingsError
from penchant.results import Recommendations

if TYPE_CHECKING:
    import sqlalchemy as sa

_MEMORY_LIMIT = "256MB"
_PROGRESS = "penchant_exports"

Columns = Mapping[str, str]
"""The columns of a table, and their types in words that all databases know."""


class Sink(Protocol):
    """Takes answers a batch at a time."""

    def begin(self, digest: str) -> int:
        """How many queries are answered already, of a run with the same digest; 0: none."""

    def write(self, answers: Recommendations, done: int) -> None:
        """Keep a batch: all that was asked up to query ``done`` has come now."""

    def finish(self) -> None:
        """Let the whole appear, in place of what was there, and forget how it came."""

    def close(self) -> None:
        """Let go; what has come stays, to go on from."""


class FileSink:
    """A ``.parquet``, ``.csv`` or ``.jsonl`` file, by way of a DuckDB database that spills to disk.

    Parameters
    ----------
    to
        The file.
    scratch
        A folder on the same disk for what has come; :meth:`finish` removes it.
    columns
        The columns of the table.

    Raises
    ------
    SettingsError
        If the file's name tells no format.
    DataError
        If it can't be written, or another process is writing it.
    """

    def __init__(self, to: Path, scratch: Path, columns: Columns) -> None:
        check_file(to)
        self._to, self._scratch, self._columns = to, scratch, columns
        self._con: Any = None

    def begin(self, digest: str) -> int:
        """See :class:`Sink`."""
        import duckdb

        with self._told():
            self._scratch.mkdir(exist_ok=True)
            self._con = duckdb.connect(str(self._scratch / "rows.db"))
            self._con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
            self._con.execute("CREATE TABLE IF NOT EXISTS progress (digest TEXT, done BIGINT)")
            found = self._con.execute("SELECT digest, done FROM progress").fetchall()
            if found and found[0][0] == digest:
                return int(found[0][1])
            columns = ", ".join(f'"{name}" {kind}' for name, kind in self._columns.items())
            self._con.execute("BEGIN; DELETE FROM progress; DROP TABLE IF EXISTS answers")
            self._con.execute(f"CREATE TABLE answers ({columns})")
            self._con.execute("INSERT INTO progress VALUES (?, 0)", [digest])
            self._con.execute("COMMIT")
        return 0

    def write(self, answers: Recommendations, done: int) -> None:
        """See :class:`Sink`."""
        with self._told():
            self._con.register("batch", answers.columns())
            self._con.execute("BEGIN; INSERT INTO answers SELECT * FROM batch")
            self._con.execute("UPDATE progress SET done = ?", [done])
            self._con.execute("COMMIT")
            self._con.unregister("batch")

    def finish(self) -> None:
        """See :class:`Sink`."""
        with self._told():
            copy(self._con, "answers", self._to, self._scratch)
            self.close()
            shutil.rmtree(self._scratch)

    def close(self) -> None:
        """See :class:`Sink`."""
        if self._con is not None:
            self._con.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except OSError as error:
            raise DataError(f"can't write {self._to}: {error.strerror or error}") from error
        except duckdb.Error as error:
            reason = str(error)
            if "lock" in reason:
                reason = "another process is writing it"
            raise DataError(f"can't write {self._to}: {reason}") from error


class TableSink:
    """A table of a SQLite or PostgreSQL database.

    Rows gather in a table beside it. Where the table is there already, its rows are replaced in
    one transaction: readers see the old ones or the new ones, and rights and indexes stay.

    Parameters
    ----------
    address
        The address of the database.
    name
        The table's name.
    columns
        Its columns.

    Raises
    ------
    SettingsError
        If that is no address, or the name is no plain name.
    DataError
        If the database can't be used, or a table of that name holds something else.
    """

    def __init__(self, address: str, name: str, columns: Columns) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,49}", name):
            raise SettingsError(
                f"a table's name is up to 50 plain letters, digits and _, got {name!r}"
            )
        self._url = database.parsed(address)
        self._engine = database.writing(database.engine_of(self._url))
        self._table = _table(name, columns)
        self._fresh = _table(f"{name}__new", columns)
        self._progress = _table(_PROGRESS, {"name": "TEXT", "digest": "TEXT", "done": "BIGINT"})

    def begin(self, digest: str) -> int:
        """See :class:`Sink`."""
        with self._transaction() as con:
            self._check(con)
            self._progress.create(con, checkfirst=True)
            found = con.execute(self._progress.select().where(self._is_ours)).first()
            if found is not None and found.digest == digest:
                return int(found.done)
            self._fresh.drop(con, checkfirst=True)
            self._fresh.create(con)
            con.execute(self._progress.delete().where(self._is_ours))
            row = {"name": self._table.name, "digest": digest, "done": 0}
            con.execute(self._progress.insert(), row)
        return 0

    def write(self, answers: Recommendations, done: int) -> None:
        """See :class:`Sink`."""
        columns = {name: column.tolist() for name, column in answers.columns().items()}
        with self._transaction() as con:
            database.insert(con, self._fresh, columns)
            con.execute(self._progress.update().where(self._is_ours).values(done=done))

    def finish(self) -> None:
        """See :class:`Sink`."""
        import sqlalchemy as sa

        with self._transaction() as con:
            if sa.inspect(con).has_table(self._table.name):
                con.execute(self._table.delete())
                fresh = self._fresh.select()
                con.execute(self._table.insert().from_select(list(self._fresh.columns), fresh))
                self._fresh.drop(con)
            else:
                renamed = f'ALTER TABLE "{self._fresh.name}" RENAME TO "{self._table.name}"'
                con.execute(sa.text(renamed))
            con.execute(self._progress.delete().where(self._is_ours))

    def close(self) -> None:
        """See :class:`Sink`."""
        self._engine.dispose()

    @property
    def _is_ours(self) -> sa.ColumnElement[bool]:
        return self._progress.c.name == self._table.name

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with database.told(self._url, DataError), self._engine.begin() as con:
            yield con

    def _check(self, con: sa.Connection) -> None:
        """Never replace what is not such a table."""
        import sqlalchemy as sa

        here = sa.inspect(con)
        if not here.has_table(self._table.name):
            return
        names = [column["name"] for column in here.get_columns(self._table.name)]
        wanted = list(self._table.columns.keys())
        if names != wanted:
            raise DataError(
                f"{database.shown(self._url)} has a table {self._table.name!r} with the columns "
                f"{', '.join(names)}, not {', '.join(wanted)}: give another table"
            )


def _table(name: str, columns: Columns) -> sa.Table:
    """A table whose rows are told apart by its first columns up to the rank, or the first."""
    import sqlalchemy as sa

    kinds = {"BIGINT": sa.BigInteger, "INTEGER": sa.Integer, "REAL": sa.REAL, "TEXT": sa.Text}
    keys = {next(iter(columns)), "rank"}
    made: list[sa.Column[Any]] = [
        sa.Column(one, kinds[kind], primary_key=one in keys, autoincrement=False)
        for one, kind in columns.items()
    ]
    return sa.Table(name, sa.MetaData(), *made)
