"""State that all processes of a server share: counters, the time of the last write, and a lock."""

from __future__ import annotations

import contextlib
import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

SLOTS = 64
"""Processes with a row of counters of their own; further processes share the last row."""

LOCK_TIMEOUT = 30.0
"""Seconds that :meth:`SharedState.exclusive` waits for another process."""

_RETRY = 0.05  # seconds between attempts
_WIDTH = 4096  # counters of a process


class SharedState:
    """Numbers in a file that all processes map; without a file, in this process's memory.

    Every process adds to a row of its own, so that none waits for another; the sum over all rows
    is the value. A process that replaces a dead one continues its row.

    Parameters
    ----------
    file
        The file, created if missing; None: memory of this process only.

    Attributes
    ----------
    own
        float64: the counters of this process.
    """

    def __init__(self, file: Path | None = None) -> None:
        size = 8 * (SLOTS * _WIDTH + 1)
        self._file = file
        if file is None:
            self._map = mmap.mmap(-1, size)
        else:
            self._map = _map_file(file, size)
        self._slot_lock, slot = self._take_slot()
        numbers = np.frombuffer(self._map, dtype=np.float64)
        self._rows = numbers[1:].reshape(SLOTS, _WIDTH)
        self._stamp = numbers[:1].view(np.int64)
        self.own: npt.NDArray[np.float64] = self._rows[slot]

    def _take_slot(self) -> tuple[FileLock | None, int]:
        """Lock a free row for as long as this object lives; return the lock and the row."""
        if self._file is None:
            return None, 0
        for slot in range(SLOTS - 1):
            lock = self._lock_of(self._file, str(slot))
            if _acquire(lock, 0.0):
                return lock, slot
        return None, SLOTS - 1

    @staticmethod
    def _lock_of(file: Path, name: str) -> FileLock:
        return FileLock(file.with_name(f"{file.name}-{name}.lock"), mode=0o600, thread_local=False)

    def total(self) -> npt.NDArray[np.float64]:
        """Return the counters summed over all processes."""
        return np.asarray(self._rows.sum(axis=0))

    def stamp(self) -> int:
        """Return a number that changes whenever any process calls :meth:`touch`."""
        return int(self._stamp[0])

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold a lock between processes, or continue without it after ``LOCK_TIMEOUT`` seconds.

        The lock is released when its process ends.
        """
        lock = None if self._file is None else self._lock_of(self._file, "exclusive")
        own = lock is not None and _acquire(lock, LOCK_TIMEOUT)
        try:
            yield
        finally:
            if lock is not None and own:
                lock.release()

    def touch(self) -> None:
        """Notify all processes that events were stored."""
        self._stamp[0] = time.time_ns()


def _map_file(file: Path, size: int) -> mmap.mmap:
    """Map a file that all processes write to; create it if it is missing."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(handle).st_size < size:
            os.ftruncate(handle, size)
        return mmap.mmap(handle, size)
    finally:
        os.close(handle)  # the map has a handle of its own


def _acquire(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds, poll_interval=_RETRY)
    except (Timeout, OSError):  # held by another process, or a file system without locks
        return False
    return True
