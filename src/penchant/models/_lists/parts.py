"""Files of a folder of lists: written under a temporary name, and recognized when complete."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penchant._scratch import scratch_folder
from penchant.data.disk.storage import LocalStorage, RemoteStorage, Storage
from penchant.data.io.sql import literal_path, sql_text
from penchant.data.tabular import Columns
from penchant.errors import DataError

_KEY = "penchant_run"


@dataclass(frozen=True)
class Part:
    """A complete file of lists.

    Attributes
    ----------
    name
        Its name in the folder.
    queries, rows, size
        The numbers of users or items, of rows, and of bytes.
    was_there
        Whether an earlier, interrupted run had written it.
    """

    name: str
    queries: int
    rows: int
    size: int
    was_there: bool = False


def name_of(number: int) -> str:
    """Return the name of the file of a block."""
    return f"part-{number:05}.parquet"


def put(storage: Storage, draft: Path, name: str) -> None:
    """Move a complete local file into a folder, where it appears whole.

    Raises
    ------
    DataError
        If it can't be written.
    """
    if isinstance(storage, RemoteStorage):
        with storage.translated_errors("write", name):
            if storage.is_object_store:
                storage.fs.put_file(str(draft), storage.path(name))
                return
            hidden = storage.path(f".{name}.{uuid.uuid4().hex}")
            storage.fs.makedirs(storage.path(""), exist_ok=True)
            storage.fs.put_file(str(draft), hidden)
            storage.fs.mv(hidden, storage.path(name))
        return
    assert isinstance(storage, LocalStorage)
    try:
        if draft.parent != storage.folder:
            between = storage.folder / f".{name}.{uuid.uuid4().hex}"
            shutil.copyfile(draft, between)
            draft = between
        draft.replace(storage.folder / name)
    except OSError as error:
        raise DataError(f"can't write {storage.folder / name}: {error.strerror}") from error


def put_bytes(storage: Storage, name: str, data: bytes) -> None:
    """Write a small file into a folder, where it appears whole."""
    with drafts_of(storage) as folder:
        draft = folder / f".{name}.{uuid.uuid4().hex}"
        try:
            draft.write_bytes(data)
        except OSError as error:
            raise DataError(f"can't write {storage.address}/{name}: {error.strerror}") from error
        put(storage, draft, name)


def remove(storage: Storage, names: Iterable[str]) -> None:
    """Remove files of a folder, if they are there."""
    for name in names:
        if isinstance(storage, LocalStorage):
            (storage.folder / name).unlink(missing_ok=True)
        elif isinstance(storage, RemoteStorage):
            with storage.translated_errors("remove", name), contextlib.suppress(FileNotFoundError):
                storage.fs.rm_file(storage.path(name))


@contextlib.contextmanager
def drafts_of(storage: Storage) -> Iterator[Path]:
    """Give the local folder in which files of a folder are made: itself, if it is local."""
    if isinstance(storage, LocalStorage):
        yield storage.folder
        return
    with scratch_folder() as folder:
        yield folder


def write_part(
    storage: Storage, number: int, run: str, batches: Iterable[tuple[int, Columns]], kinds: str
) -> Part:
    """Write the lists of a block to its file.

    Parameters
    ----------
    storage
        The folder.
    number
        The number of the block.
    run
        The identity of the run, kept in the file.
    batches
        The number of queries of each batch, and its rows as columns.
    kinds
        The columns and their SQL types.

    Raises
    ------
    DataError
        If it can't be written.
    """
    import duckdb

    name, queries = name_of(number), 0
    with drafts_of(storage) as folder:
        draft = folder / f".{name}.{uuid.uuid4().hex}"
        try:
            with duckdb.connect(config={"threads": 1}) as con:
                con.execute(f"CREATE TABLE rows ({kinds})")
                for count, columns in batches:
                    con.register("batch", dict(columns))
                    con.execute("INSERT INTO rows SELECT * FROM batch")
                    con.unregister("batch")
                    queries += count
                rows = _count(con, "SELECT count(*) FROM rows")
                options = (
                    f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{_KEY}: {sql_text(run)}}}"
                )
                con.execute(f"COPY rows TO {sql_text(str(draft))} ({options})")
            size = draft.stat().st_size
            put(storage, draft, name)
        except duckdb.IOException as error:
            raise DataError(f"can't write {storage.address}/{name}: {error}") from error
        finally:
            draft.unlink(missing_ok=True)
    return Part(name, queries, rows, size)


def part_of_run(storage: Storage, number: int, run: str, queries: int) -> Part | None:
    """Return the file of a block that an earlier run wrote, or None if it is not complete."""
    import duckdb

    name = name_of(number)
    with contextlib.ExitStack() as stack:
        if isinstance(storage, LocalStorage):
            path = storage.folder / name
        else:
            path = stack.enter_context(scratch_folder()) / name
            path.write_bytes(storage.read(name))
        source = sql_text(literal_path(path))
        try:
            with duckdb.connect(config={"threads": 1}) as con:
                texts = f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({source})"  # noqa: S608
                if dict(con.execute(texts).fetchall()).get(_KEY) != run:
                    return None
                rows = _count(con, f"SELECT num_rows FROM parquet_file_metadata({source})")  # noqa: S608
            return Part(name, queries, rows, path.stat().st_size, was_there=True)
        except (duckdb.Error, OSError):  # not there, cut off, or of something else
            return None


def _count(con: Any, query: str) -> int:
    return int(con.execute(query).fetchone()[0])
