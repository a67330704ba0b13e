"""Locks of trials between processes, which the operating system releases when a process ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from penchant.errors import DataError, SettingsError

_POLL_SECONDS = 0.01
_open_here: set[Path] = set()  # locks are per process, so a storage can be open once in it


class TrialLocks:
    """One lock for the storage and one for each running trial, as files beside the storage.

    The file of the storage's lock is ``path``; that of a trial has the trial's id appended and is
    deleted when the trial ends. The locks hold between processes of one machine. A process that
    is killed releases its locks.

    Parameters
    ----------
    path
        The file of the storage's lock; None: no locks, for a storage in memory.

    Raises
    ------
    SettingsError
        If this process has the storage open already.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = None if path is None else path.resolve()
        self._held: dict[int, FileLock] = {}
        if self._path is None:
            return
        if self._path in _open_here:
            raise SettingsError(
                f"this process has {path} open already: use another storage or another process"
            )
        self._storage_lock = self._lock_of(self._path)
        _open_here.add(self._path)

    def close(self) -> None:
        """Release all locks."""
        if self._path is not None:
            for lock in self._held.values():
                lock.release(force=True)
            self._held.clear()
            self._storage_lock.release(force=True)
            _open_here.discard(self._path)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the storage's lock; wait until it is free.

        Raises
        ------
        DataError
            If the file can't be written.
        """
        if self._path is None:
            yield
            return
        _acquire(self._storage_lock, timeout=-1)
        try:
            yield
        finally:
            self._storage_lock.release()

    def acquire(self, trial_id: int) -> bool:
        """Take the lock of a trial without waiting; False if another process holds it.

        Call it, and :meth:`release`, with the storage's lock held, since trial files are deleted.
        """
        if self._path is None or trial_id in self._held:
            return True
        lock = self._lock_of(self._trial_path(trial_id))
        if not _acquire(lock, timeout=0):
            return False
        self._held[trial_id] = lock
        return True

    def release(self, trial_id: int) -> None:
        """Release the lock of a trial and delete its file."""
        lock = self._held.pop(trial_id, None)
        if lock is not None:
            self._trial_path(trial_id).unlink(missing_ok=True)
            lock.release(force=True)

    def _trial_path(self, trial_id: int) -> Path:
        assert self._path is not None
        return self._path.with_name(f"{self._path.name}-{trial_id}")

    @staticmethod
    def _lock_of(path: Path) -> FileLock:
        return FileLock(path, mode=0o644, thread_local=False)


def _acquire(lock: FileLock, *, timeout: float) -> bool:
    try:
        lock.acquire(timeout=timeout, poll_interval=_POLL_SECONDS)
    except Timeout:
        return False
    except OSError as error:
        raise DataError(f"can't write {lock.lock_file}: {error.strerror}") from error
    return True
