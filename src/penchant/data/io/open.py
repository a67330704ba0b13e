"""Open a source of any kind as tables: find its files, choose the reader of its format."""

from __future__ import annotations

import glob
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penchant.data.io.columns import Column
from penchant.data.io.database import is_address, parsed
from penchant.data.io.formats.frame import open_frame
from penchant.data.io.formats.jsonl import open_jsonl
from penchant.data.io.formats.parquet import ParquetPart as ParquetPart
from penchant.data.io.formats.parquet import open_parquet
from penchant.data.io.formats.query import open_query
from penchant.data.io.formats.text import open_text_table
from penchant.data.io.options import ReaderOptions
from penchant.data.io.table import Table
from penchant.data.io.utf8 import packing_of
from penchant.data.io.workspace import Workspace
from penchant.data.paths import local_path
from penchant.errors import DataError, SettingsError

_SMALL_BYTES = 4_000_000
_SMALL_ROWS = 50_000
_FORMAT_OF = {
    ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip


def open_tables(
    workspace: Workspace,
    source: Any,
    requested: Mapping[str, Column | None],
    options: ReaderOptions,
    *,
    numeric: Sequence[str] = (),
) -> list[Table]:
    """Open a path, a glob, a folder of Parquet, a query, a frame, or a list of records.

    Parameters
    ----------
    workspace
        Where frames are registered and copies are written.
    source
        What to read.
    requested
        Role → column, as the caller requested them: they decide whether a header is expected.
    options
        How the source is written.
    numeric
        The roles whose columns must be numbers.

    Raises
    ------
    SettingsError
        If ``options`` describe text, and the source is none.
    """
    if is_address(source) or options.query is not None:
        _refuse_text(options, "a query returns columns")
        return [open_query(workspace.con, source, options.query)]
    if not isinstance(source, str | os.PathLike):
        _refuse_text(options, "the source is in memory")
        workspace.in_memory = _has_few_rows(source)
        return [open_frame(workspace.con, source)]
    paths = [_rewindable(path, workspace.scratch) for path in paths_of(source)]
    return open_files(workspace, paths, requested, options, numeric=numeric)


def open_files(
    workspace: Workspace,
    paths: Sequence[Path],
    requested: Mapping[str, Column | None],
    options: ReaderOptions,
    *,
    numeric: Sequence[str] = (),
    part: ParquetPart | None = None,
) -> list[Table]:
    """Open files as tables; see :func:`open_tables`.

    Parameters
    ----------
    paths
        The files, at least one.
    part
        Which part of a larger source they are, if they are files of Parquet; None: all of it.
    """
    scratch = workspace.scratch
    kind = options.format or format_of(paths[0])
    if kind != "parquet" and _are_small(paths):  # Parquet is compressed
        workspace.in_memory = True
    if kind == "parquet":
        _refuse_text(options, f"{paths[0].name} is Parquet")
        return [open_parquet(workspace.con, paths, part)]
    if kind == "jsonl":
        _refuse_text(options, f"{paths[0].name} is JSON lines", encoded=True)
        return [open_jsonl(workspace.con, path, scratch, options, requested) for path in paths]
    return [open_text_table(path, scratch, options, requested, numeric) for path in paths]


def _refuse_text(options: ReaderOptions, what: str, *, encoded: bool = False) -> None:
    """Raise SettingsError if options describe columns of text; JSON lines are ``encoded`` too."""
    named = {
        "sep": options.sep is not None,
        "quote": options.has_quote,
        "encoding": options.encoding is not None and not encoded,
        "header": options.header is not None,
    }
    useless = [f"{name}=" for name, is_set in named.items() if is_set]
    if useless:
        raise SettingsError(f"{what}, not separated text: leave out {', '.join(useless)}")


def name_of(source: Any) -> str | None:
    """Return the name of a file or database without its suffixes, None for other sources."""
    if is_address(source):
        source = parsed(source).database or "query"
    if not isinstance(source, str | os.PathLike):
        return None
    name = Path(source).name
    return name.split(".")[0] or name


def _are_small(paths: Sequence[Path]) -> bool:
    """Return whether files are small as they are; compressed ones may be large."""
    size = sum(path.stat().st_size for path in paths)
    return size < _SMALL_BYTES and not any(map(packing_of, paths))


def _has_few_rows(source: Any) -> bool:
    try:
        return len(source) < _SMALL_ROWS
    except TypeError:  # it has no length, such as a lazy frame
        return False


def paths_of(source: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path, a glob or a folder of Parquet.

    Raises
    ------
    DataError
        If there is none.
    """
    if not os.fspath(source):
        raise DataError(
            "there is no file '': the path is empty"
        )  # Path("") would be the current folder
    path = local_path(source)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".parquet", ".pq"))
        if not files:
            raise DataError(f"the folder {path} holds no Parquet files: name a file, or a glob")
        return files
    if path.exists():
        return [path]
    if any(letter in str(path) for letter in "*?["):
        paths = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
        files = [p for p in paths if p.is_file()]
        if files:
            return files
        raise DataError(f"no file matches {str(path)!r}")
    raise DataError(f"there is no file {str(path)!r} (from the folder {Path.cwd()})")


def _rewindable(path: Path, scratch: Path) -> Path:
    """Return the path, or that of a copy of a pipe, which can be read only once."""
    if stat.S_ISREG(path.stat().st_mode):
        return path
    copy = scratch / path.name
    with path.open("rb") as pipe, copy.open("wb") as target:
        shutil.copyfileobj(pipe, target)
    return copy


def format_of(path: Path, head: bytes | None = None) -> str:
    """Return the format of a file by its name and its first four bytes, which may be at hand.

    Raises
    ------
    DataError
        If it is of a format that can't be read.
    """
    if head is None:
        with path.open("rb") as file:
            head = file.read(4)
    if head == b"PAR1":
        return "parquet"
    if head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"BZh9", b"\xfd7zX"):
        raise DataError(
            f"{path.name} is a packed archive or a spreadsheet: unpack it, or save it as CSV"
        )
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst", ".zstd")]
    return _FORMAT_OF.get(suffixes[-1] if suffixes else "", "text")
