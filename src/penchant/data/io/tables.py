"""Tables of DuckDB as files: whole or not at all."""

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
"""The end of a file's name → how DuckDB writes it."""


def check_file(path: Path) -> None:
    """Refuse at once a file that could not be written when its rows are there.

    Raises
    ------
    SettingsError
        If its name tells no format.
    DataError
        If there is no such folder.
    """
    _options(path)
    if not path.parent.is_dir():
        raise DataError(f"can't write {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise DataError(f"can't write {path}: it is a folder")


def copy(con: Any, relation: str, path: Path, scratch: Path) -> None:
    """Write a relation to a file, by way of one in a folder on the same disk."""
    whole = scratch / path.name
    con.execute(f"COPY {relation} TO {sql_text(str(whole))} ({_options(path)})")
    whole.replace(path)


def _options(path: Path) -> str:
    suffix = next((one for one in FORMATS if path.name.lower().endswith(one)), None)
    if suffix is None:
        raise SettingsError(
            f"can't write {path.name!r}: name a file that ends in {', '.join(FORMATS)}"
        )
    return FORMATS[suffix]
