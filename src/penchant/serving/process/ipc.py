"""State that all processes of a server share: counters, the time of the last write, and a lock."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

SLOTS = 64
"""Processes with a row of counters of their own; further processes share the last row."""

LOCK_TIMEOUT = 30.0
"""Seconds that :meth:`SharedState.exclusive` waits for another process."""

_LOCK, _RETRY = SLOTS, 0.05  # the byte that is locked; seconds between attempts
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
        self._handle: int | None = None
        if file is None:
            self._map = mmap.mmap(-1, size)
        else:
            handle = self._handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            if os.fstat(handle).st_size < size:
                os.ftruncate(handle, size)
            self._map = mmap.mmap(handle, size)
        # the handle stays open: it holds the locks
        slot = next((slot for slot in range(SLOTS - 1) if self._lock(slot)), SLOTS - 1)
        numbers = np.frombuffer(self._map, dtype=np.float64)
        self._rows = numbers[1:].reshape(SLOTS, _WIDTH)
        self._stamp = numbers[:1].view(np.int64)
        self.own: npt.NDArray[np.float64] = self._rows[slot]

    def _lock(self, position: int) -> bool:
        """Lock a byte of the file for this process; return whether it was free."""
        try:
            if self._handle is not None:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)
        except OSError:
            return False
        return True

    def total(self) -> npt.NDArray[np.float64]:
        """Return the counters summed over all processes."""
        return np.asarray(self._rows.sum(axis=0))

    def stamp(self) -> int:
        """Return a number that changes whenever any process calls :meth:`touch`."""
        return int(self._stamp[0])

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold a lock between processes, or continue without it after ``LOCK_TIMEOUT`` seconds.

        The lock is released when its process ends. It does not exclude threads of one process.
        """
        until = time.monotonic() + LOCK_TIMEOUT
        while not (own := self._lock(_LOCK)) and time.monotonic() < until:
            time.sleep(_RETRY)
        try:
            yield
        finally:
            if own and self._handle is not None:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _LOCK)

    def touch(self) -> None:
        """Notify all processes that events were stored."""
        self._stamp[0] = time.time_ns()
