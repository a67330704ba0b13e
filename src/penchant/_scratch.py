"""Temporary folders and drafts: locked while their process lives, removed once it was killed.

A process that is killed can't remove what it left. The next one that makes something of the same
name in the same place does, if the lock of the old one is free.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, and nothing is removed
    fcntl = None  # type: ignore[assignment]

PREFIX = "penchant-scratch-"
"""Of scratch folders only: a user may name own folders ``penchant-…``."""
_MIN_AGE = 60.0  # seconds; what is newer may be about to be locked


@contextlib.contextmanager
def scratch_folder(prefix: str = PREFIX, within: Path | None = None) -> Iterator[Path]:
    """Make a temporary folder, removed at the end; abandoned ones of this prefix are too.

    Parameters
    ----------
    prefix
        How its name begins.
    within
        The folder that it is made in; None: that of the system for temporary files.
    """
    parent = Path(tempfile.gettempdir()) if within is None else within
    remove_abandoned(parent, prefix)
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as name,
        held(Path(name)),
    ):
        yield Path(name)


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock a file or a folder while the block runs, so that other processes don't remove it."""
    if fcntl is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # no right to read, or a file system without locks
            handle = os.open(path, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield


def remove_abandoned(folder: Path, prefix: str, suffix: str = "") -> None:
    """Remove the user's files and folders of such names that no process holds.

    Parameters
    ----------
    folder
        Where to look.
    prefix, suffix
        How their names begin and end.
    """
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(prefix) and entry.name.endswith(suffix):
                _remove_if_abandoned(entry)


def _remove_if_abandoned(entry: os.DirEntry[str]) -> None:
    """Remove one, unless it is held, of another user, a link or new."""
    with contextlib.suppress(OSError):
        status = entry.stat(follow_symlinks=False)
        if entry.is_symlink() or status.st_uid != os.getuid():
            return
        if time.time() - status.st_mtime < _MIN_AGE:
            return
        handle = os.open(entry.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an OSError where it is held
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink()
        finally:
            os.close(handle)
