"""Who works on what: locks that the system takes back when a process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from penchant.errors import DataError, SettingsError

_MUTEX = 0  # the byte of the lock that all share; a trial's is its id, from 1
_open_here: set[Path] = set()  # closing a file anywhere in a process drops all its locks on it


class Locks:
    """Advisory locks on the bytes of a file, one for each number; None: nobody else is there.

    They hold between processes of one machine, not between threads: a process can have such a
    file open once only.

    Raises
    ------
    SettingsError
        If this process has it open already.
    DataError
        If the file can't be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = None if path is None else path.resolve()
        if self._path is None:
            return
        if self._path in _open_here:
            raise SettingsError(
                f"this process holds {path} already: take another storage, or another process"
            )
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise DataError(f"can't write {path}: {error.strerror}") from error
        _open_here.add(self._path)

    def close(self) -> None:
        """Let go of everything."""
        if self._path is not None:
            os.close(self._file)
            _open_here.discard(self._path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else is in here at the same time; waits its turn."""
        self._lock(_MUTEX, wait=True)
        try:
            yield
        finally:
            self.drop(_MUTEX)

    def take(self, number: int) -> bool:
        """Take a lock, unless a living process has it."""
        return self._lock(number, wait=False)

    def drop(self, number: int) -> None:
        """Let go of one lock."""
        if self._path is not None:
            import fcntl

            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def _lock(self, number: int, *, wait: bool) -> bool:
        if self._path is None:
            return True
        import fcntl

        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, number)
        except (BlockingIOError, PermissionError):  # systems differ in how they say no
            return False
        return True
