"""Paths of local files, and addresses that are none."""

from __future__ import annotations

import os
import re
from pathlib import Path

from penchant.errors import DataError


def is_remote(source: object) -> bool:
    """Return whether a text is an address such as ``s3://bucket/log.csv``, not a path."""
    return isinstance(source, str) and bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source))


def names_folder(to: object) -> bool:
    """Return whether a text names a folder to write: an address, or a path that ends in a slash."""
    return isinstance(to, str) and (is_remote(to) or to.endswith(("/", "\\")))


def local_path(source: str | os.PathLike[str]) -> Path:
    """Return the path of a local file, ``~`` resolved.

    Raises
    ------
    DataError
        If it is an address: as a path it would lose a slash, and name another file.
    """
    if is_remote(source):
        raise DataError(
            f"{os.fspath(source)!r} is an address, and only local files are read: fetch it first"
        )
    return Path(os.fspath(source)).expanduser()


def cache_folder(cache: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which fetched data sets are kept; see `penchant.datasets.load`."""
    chosen = cache or os.environ.get("PENCHANT_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "penchant"
