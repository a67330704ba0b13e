"""Numbers that all processes of a server share: counters, and when events were last stored."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

SLOTS = 64
"""Processes that count for themselves; more share the last place."""

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
        if file is None:
            self._map = mmap.mmap(-1, size)
            slot = 0
        else:
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            if os.fstat(handle).st_size < size:
                os.ftruncate(handle, size)
            self._map = mmap.mmap(handle, size)
            slot = self._claim(handle)  # the handle stays open: it holds the lock
        numbers = np.frombuffer(self._map, dtype=np.float64)
        self._rows = numbers[1:].reshape(SLOTS, _WIDTH)
        self._stamp = numbers[:1].view(np.int64)
        self.own: npt.NDArray[np.float64] = self._rows[slot]

    @staticmethod
    def _claim(handle: int) -> int:
        for slot in range(SLOTS - 1):
            with contextlib.suppress(OSError):
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                return slot
        return SLOTS - 1

    def total(self) -> npt.NDArray[np.float64]:
        """The numbers of all processes together."""
        return np.asarray(self._rows.sum(axis=0))

    def stamp(self) -> int:
        """Changes whenever any process has called :meth:`touch`."""
        return int(self._stamp[0])

    def touch(self) -> None:
        """Tell all processes that something was stored."""
        self._stamp[0] = time.time_ns()
