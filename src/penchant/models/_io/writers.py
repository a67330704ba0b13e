"""Sinks for the answers of an export: a file or a table, which appear once they are complete.

Batches are stored together with the number of completed queries, so that an interrupted export
can be resumed.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
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
"""The columns of a table and their SQL types, which all supported databases have."""


class Sink(Protocol):
    """Receives answers a batch at a time."""

    def begin(self, digest: str) -> int:
        """Open; return the number of queries that an interrupted run with this digest answered."""

    def write(self, answers: Recommendations, n_completed: int) -> None:
        """Store a batch, after which the first ``n_completed`` queries are answered."""

    def finish(self) -> None:
        """Replace the target by the complete answers, and delete the progress record."""

    def close(self) -> None:
        """Close; stored batches stay, for a resumed run."""


class FileSink:
    """A ``.parquet``, ``.csv`` or ``.jsonl`` file, written through a DuckDB database on disk.

    Parameters
    ----------
    to
        The file.
    scratch
        A folder on the same disk for stored batches; :meth:`finish` removes it.
    columns
        The columns of the table.
    wide
        For a row per query with this number of answers beside each other; 0: a row per answer.

    Raises
    ------
    SettingsError
        If the suffix of the file is unknown.
    DataError
        If it can't be written, or another process is writing to it.
    """

    def __init__(self, to: Path, scratch: Path, columns: Columns, *, wide: int = 0) -> None:
        check_file(to)
        self._to, self._scratch, self._columns, self._wide = to, scratch, columns, wide
        self._con: Any = None

    def begin(self, digest: str) -> int:
        """See :class:`Sink`."""
        import duckdb

        with self._as_data_errors():
            self._scratch.mkdir(exist_ok=True)
            self._con = duckdb.connect(str(self._scratch / "rows.db"))
            self._con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
            self._con.execute("CREATE TABLE IF NOT EXISTS progress (digest TEXT, done BIGINT)")
            rows = self._con.execute("SELECT digest, done FROM progress").fetchall()
            if rows and rows[0][0] == digest:
                return int(rows[0][1])
            columns = ", ".join(f'"{name}" {kind}' for name, kind in self._columns.items())
            self._con.execute("BEGIN; DELETE FROM progress; DROP TABLE IF EXISTS answers")
            self._con.execute(f"CREATE TABLE answers ({columns})")
            self._con.execute("INSERT INTO progress VALUES (?, 0)", [digest])
            self._con.execute("COMMIT")
        return 0

    def write(self, answers: Recommendations, n_completed: int) -> None:
        """See :class:`Sink`."""
        with self._as_data_errors():
            self._con.register("batch", answers.columns())
            self._con.execute("BEGIN; INSERT INTO answers SELECT * FROM batch")
            self._con.execute("UPDATE progress SET done = ?", [n_completed])
            self._con.execute("COMMIT")
            self._con.unregister("batch")

    def finish(self) -> None:
        """See :class:`Sink`."""
        with self._as_data_errors():
            rows = _beside(list(self._columns), self._wide) if self._wide else "answers"
            copy(self._con, rows, self._to, self._scratch)
            self.close()
            shutil.rmtree(self._scratch)

    def close(self) -> None:
        """See :class:`Sink`."""
        if self._con is not None:
            self._con.close()

    @contextlib.contextmanager
    def _as_data_errors(self) -> Iterator[None]:
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


def _beside(columns: Sequence[str], k: int) -> str:
    """Return the SQL of a row per query, with the ids and names of k answers beside each other."""
    query, answer = columns[0], columns[2]
    fields = [answer, *(["name"] if "name" in columns else [])]
    cells = (
        f'any_value("{field}") FILTER (rank = {rank}) AS "{field}_{rank}"'
        for rank in range(1, k + 1)
        for field in fields
    )
    return (
        f'(SELECT "{query}", {", ".join(cells)} FROM answers GROUP BY "{query}" '  # noqa: S608
        "ORDER BY min(rowid))"
    )


class TableSink:
    """A table of a SQLite or PostgreSQL database.

    Rows are collected in a second table. If the table exists, its rows are replaced in one
    transaction: readers see the old or the new ones, and privileges and indexes stay.

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
        If the address or the name is not valid.
    DataError
        If the database can't be used, or the table has other columns.
    """

    def __init__(self, address: str, name: str, columns: Columns) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,49}", name):
            raise SettingsError(
                f"a table's name is up to 50 plain letters, digits and _, got {name!r}"
            )
        self._url = database.parsed(address)
        self._engine = database.writing(database.engine_of(self._url))
        self._table = _table(name, columns)
        self._staging = _table(f"{name}__new", columns)
        self._progress = _table(_PROGRESS, {"name": "TEXT", "digest": "TEXT", "done": "BIGINT"})

    def begin(self, digest: str) -> int:
        """See :class:`Sink`."""
        with self._transaction() as con:
            self._check(con)
            self._progress.create(con, checkfirst=True)
            row = con.execute(self._progress.select().where(self._is_ours)).first()
            if row is not None and row.digest == digest:
                return int(row.done)
            self._staging.drop(con, checkfirst=True)
            self._staging.create(con)
            con.execute(self._progress.delete().where(self._is_ours))
            begun = {"name": self._table.name, "digest": digest, "done": 0}
            con.execute(self._progress.insert(), begun)
        return 0

    def write(self, answers: Recommendations, n_completed: int) -> None:
        """See :class:`Sink`."""
        columns = {name: column.tolist() for name, column in answers.columns().items()}
        with self._transaction() as con:
            database.insert(con, self._staging, columns)
            con.execute(self._progress.update().where(self._is_ours).values(done=n_completed))

    def finish(self) -> None:
        """See :class:`Sink`."""
        import sqlalchemy as sa

        with self._transaction() as con:
            if sa.inspect(con).has_table(self._table.name):
                con.execute(self._table.delete())
                rows = self._staging.select()
                con.execute(self._table.insert().from_select(list(self._staging.columns), rows))
                self._staging.drop(con)
            else:
                renamed = f'ALTER TABLE "{self._staging.name}" RENAME TO "{self._table.name}"'
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
        with database.translated_errors(self._url, DataError), self._engine.begin() as con:
            yield con

    def _check(self, con: sa.Connection) -> None:
        """Refuse to replace a table with other columns."""
        import sqlalchemy as sa

        inspector = sa.inspect(con)
        if not inspector.has_table(self._table.name):
            return
        names = [column["name"] for column in inspector.get_columns(self._table.name)]
        expected = list(self._table.columns.keys())
        if names != expected:
            raise DataError(
                f"{database.shown(self._url)} has a table {self._table.name!r} with the columns "
                f"{', '.join(names)}, not {', '.join(expected)}: choose another name"
            )


def _table(name: str, columns: Columns) -> sa.Table:
    """Return a table whose primary key is its first column, and the rank if it has one."""
    import sqlalchemy as sa

    kinds = {"BIGINT": sa.BigInteger, "INTEGER": sa.Integer, "REAL": sa.REAL, "TEXT": sa.Text}
    keys = {next(iter(columns)), "rank"}
    table_columns: list[sa.Column[Any]] = [
        sa.Column(column, kinds[kind], primary_key=column in keys, autoincrement=False)
        for column, kind in columns.items()
    ]
    return sa.Table(name, sa.MetaData(), *table_columns)
