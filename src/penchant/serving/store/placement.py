"""The files of an open SQLite database: created for their owner alone, and watched.

An open file stays usable after it was deleted or replaced, and what is written to it then is lost.
A commit is therefore durable only if the path still leads to the file that was opened.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from penchant.errors import StoreError

FILE_MODE = 0o600
"""Permissions of a new database: it holds what people like."""


class Placement:
    """Compare the files of a database with those that were opened.

    Parameters
    ----------
    path
        The database; the log of writes lies beside it. None: it isn't a file of this machine.
    """

    def __init__(self, path: Path | None) -> None:
        files = [] if path is None else [path, path.with_name(f"{path.name}-wal")]
        self._files = {file: _identity(file) for file in files}

    def check(self) -> None:
        """Check that the paths lead to the files that were opened.

        Raises
        ------
        StoreError
            If a file was deleted or replaced.
        """
        for file, opened in self._files.items():
            current = _identity(file)
            if opened is None:
                self._files[file] = current
            elif current != opened:
                what = "was deleted" if current is None else "was replaced by another file"
                raise StoreError(
                    f"the database file {file} {what} while it was in use, and nothing more is "
                    "stored: put the file back, or stop the server, restore a backup and start it"
                )


def create_private(path: Path) -> None:
    """Create a missing file that only its owner can read; SQLite's other files get its mode."""
    with contextlib.suppress(OSError):  # SQLite itself then says what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
