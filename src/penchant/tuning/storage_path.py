"""The file of stored trials, as an argument names it."""

from __future__ import annotations

from pathlib import Path

from penchant.errors import SettingsError

PREFIX = "sqlite:///"


def storage_path(storage: str | Path | None) -> Path | None:
    """Return the path of a storage, ``sqlite:///FILE`` or a path; None: in memory.

    Raises
    ------
    SettingsError
        If it is of another kind, or in no existing folder.
    """
    if storage is None:
        return None
    text = str(storage)
    if "://" in text and not text.startswith(PREFIX):
        raise SettingsError(
            f"the storage must be a SQLite file, {PREFIX}FILE or a path, got {text!r}"
        )
    path = Path(text.removeprefix(PREFIX))
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise SettingsError(f"can't store trials in {str(path)!r}: {what}")
    return path
