"""Numbers that all processes of a server share: counters, and when events were last stored."""

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
"""Processes that count for themselves; more share the last place."""

PATIENCE = 30.0
"""Seconds that somebody's turn is waited for."""

_TURN, _PAUSE = SLOTS, 0.05  # the place of who has the turn; seconds from one try to the next
_WIDTH = 4096  # numbers a process has


class Shared:
    """Numbers in a file that all processes map; without a file, of this process alone.

    Every process adds to a row of its own, so that none waits for another; the sum of all rows is
    what counts. A process that takes the place of one that ended goes on with its row.

    Parameters
    ----------
    file
        The file; it is made where it is not there. None: none.

    Attributes
    ----------
    own
        float64: the numbers of this process.
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
        # the handle stays open: it holds the lock
        slot = next((one for one in range(SLOTS - 1) if self._lock(one)), SLOTS - 1)
        numbers = np.frombuffer(self._map, dtype=np.float64)
        self._rows = numbers[1:].reshape(SLOTS, _WIDTH)
        self._stamp = numbers[:1].view(np.int64)
        self.own: npt.NDArray[np.float64] = self._rows[slot]

    def _lock(self, place: int) -> bool:
        """Hold one of the places that each is one process's alone; whether it was free."""
        try:
            if self._handle is not None:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True

    def total(self) -> npt.NDArray[np.float64]:
        """The numbers of all processes together."""
        return np.asarray(self._rows.sum(axis=0))

    def stamp(self) -> int:
        """Changes whenever any process has called :meth:`touch`."""
        return int(self._stamp[0])

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """What one process at a time does; others wait, but not for one that stands still.

        A turn ends with its process. Threads of a process don't exclude each other.
        """
        until = time.monotonic() + PATIENCE
        while not (own := self._lock(_TURN)) and time.monotonic() < until:
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            if own and self._handle is not None:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _TURN)

    def touch(self) -> None:
        """Tell all processes that something was stored."""
        self._stamp[0] = time.time_ns()
