"""The files of a source, cut into pieces that are read one by one, and what tells them apart."""

from __future__ import annotations

import glob
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from penchant.data.disk.storage import filesystem
from penchant.data.io.database import is_address
from penchant.data.io.open import format_of, paths_of
from penchant.data.paths import is_remote
from penchant.errors import DataError, PenchantError, reason_of

PIECE_BYTES = 1 << 27
"""The files of a piece have about so many bytes; a larger file of Parquet is cut by its rows."""


@dataclass(frozen=True)
class SourceFile:
    """A file of the source.

    Attributes
    ----------
    address
        Its path or address.
    size
        Its bytes.
    version
        When it was changed, or its ETag.
    """

    address: str
    size: int
    version: str

    @property
    def name(self) -> str:
        """Its name without folders."""
        return posixpath.basename(self.address) if is_remote(self.address) else self.path.name

    @property
    def path(self) -> Path:
        """The path of a local file."""
        return Path(self.address)

    def fetch(self, folder: Path) -> Path:
        """Return the path of the file: that of a copy, if it is in an object store.

        Raises
        ------
        DataError
            If it can't be copied.
        """
        if not is_remote(self.address):
            return self.path
        copy = folder / self.name
        try:
            fs, path = filesystem(self.address)
            folder.mkdir(parents=True, exist_ok=True)
            fs.get_file(path, str(copy))
        except PenchantError:
            raise
        except Exception as error:
            raise DataError(f"can't read {self.address}: {reason_of(error)}") from error
        return copy


@dataclass(frozen=True)
class Piece:
    """Files that one task reads.

    Attributes
    ----------
    number
        Its place among all pieces.
    files
        Its files.
    rows
        The first row of a part of a file of Parquet, and the one after its last; None: all.
    """

    number: int
    files: tuple[SourceFile, ...]
    rows: tuple[int, int] | None = None


def files_of(source: Any) -> list[SourceFile] | None:
    """Return the files of a path, a glob, a folder or an address of them.

    Returns
    -------
    list of SourceFile, or None
        None for a source that is not made of files, or of files that can be read only once.

    Raises
    ------
    DataError
        If there is no such file.
    """
    if is_address(source) or not isinstance(source, str | os.PathLike):
        return None
    if is_remote(source):
        return _remote_files(str(source))
    files = []
    for path in paths_of(source):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None
        files.append(SourceFile(str(path.absolute()), status.st_size, str(status.st_mtime_ns)))
    return files


def _remote_files(source: str) -> list[SourceFile]:
    fs, path = filesystem(source)
    try:
        names = fs.glob(path) if glob.has_magic(path) else [path]
        infos = {file: fs.info(file) for name in names for file in fs.find(name)}
    except PenchantError:
        raise
    except Exception as error:
        raise DataError(f"can't read {source}: {reason_of(error)}") from error
    if not infos:
        raise DataError(f"there is no file {source}")
    return [
        SourceFile(str(fs.unstrip_protocol(file)), int(infos[file]["size"]), _version(infos[file]))
        for file in sorted(infos)
    ]


def _version(info: dict[str, Any]) -> str:
    names = ("ETag", "etag", "md5Hash", "LastModified", "mtime", "created")
    return str(next((info[name] for name in names if info.get(name) is not None), ""))


def kind_of(file: SourceFile) -> str:
    """Return the format of a file by how it begins and ends.

    Raises
    ------
    DataError
        If it can't be read, or is of a format that is not.
    """
    if not is_remote(file.address):
        return format_of(file.path)
    fs, path = filesystem(file.address)
    try:
        head = bytes(fs.cat_file(path, start=0, end=4))
    except Exception as error:
        raise DataError(f"can't read {file.address}: {reason_of(error)}") from error
    return format_of(Path(file.name), head)


def pieces_of(files: Sequence[SourceFile], kind: str) -> list[Piece]:
    """Cut files into pieces, which follow from the files alone."""
    pieces: list[Piece] = []
    for group in _groups(files):
        (first, *others) = group
        is_cut = kind == "parquet" and not others and not is_remote(first.address)
        n_parts = -(-first.size // PIECE_BYTES) if is_cut else 1
        if n_parts < 2:
            pieces.append(Piece(len(pieces), tuple(group)))
            continue
        n_rows = _row_count(first.path)
        bounds = [n_rows * part // n_parts for part in range(n_parts + 1)]
        for rows in pairwise(bounds):
            pieces.append(Piece(len(pieces), (first,), rows))
    return pieces


def _groups(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Yield files in their order, together where they are small."""
    group: list[SourceFile] = []
    n_bytes = 0
    for file in files:
        if group and n_bytes + file.size > PIECE_BYTES:
            yield group
            group, n_bytes = [], 0
        group.append(file)
        n_bytes += file.size
    if group:
        yield group


def _row_count(path: Path) -> int:
    """Return the number of rows of a file of Parquet."""
    import duckdb

    from penchant.data.io.sql import literal_path, sql_text

    file = sql_text(literal_path(path))
    try:
        with duckdb.connect() as con:
            row = con.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({file})").fetchone()
    except duckdb.Error as error:
        raise DataError(f"{path} can't be read: {reason_of(error)}") from error
    return int(row[0]) if row else 0
