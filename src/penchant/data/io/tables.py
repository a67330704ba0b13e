"""Write tables of DuckDB to files, completely or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penchant.data.io.sql import sql_text
from penchant.errors import DataError, SettingsError

FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
    ".csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
    ".jsonl": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
}
"""Suffix of a file → DuckDB's options of writing it."""


def check_file(path: Path) -> None:
    """Refuse a file that can't be written before its rows are computed.

    Raises
    ------
    SettingsError
        If its suffix is of no format.
    DataError
        If there is no such folder.
    """
    _options(path)
    if not path.parent.is_dir():
        raise DataError(f"can't write {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise DataError(f"can't write {path}: it is a folder")


def copy(con: Any, relation: str, path: Path, scratch: Path) -> None:
    """Write a relation to a file in a folder on the same disk, then move it into place."""
    complete = scratch / path.name
    con.execute(f"COPY {relation} TO {sql_text(str(complete))} ({_options(path)})")
    complete.replace(path)


def _options(path: Path) -> str:
    suffix = next((end for end in FORMATS if path.name.lower().endswith(end)), None)
    if suffix is None:
        raise SettingsError(
            f"can't write {path.name!r}: name a file that ends in {', '.join(FORMATS)}"
        )
    return FORMATS[suffix]
