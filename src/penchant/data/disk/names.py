"""The name of a data set on disk, by which it is told from other sources."""

from __future__ import annotations

import os

SUFFIX = ".dataset"


def is_dataset(source: object) -> bool:
    """Return whether a path or an address is that of a data set on disk."""
    if not isinstance(source, str | os.PathLike):
        return False
    return str(os.fspath(source)).rstrip("/\\").endswith(SUFFIX)
