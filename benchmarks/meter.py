"""Meters of seconds with pauses, and of the peak of memory above that at the start."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import time
from collections.abc import Callable
from pathlib import Path

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class Stopwatch:
    """Seconds since its creation without pauses, by the wall or of the processor."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._spent, self._since = clock, 0.0, clock()

    def pause(self) -> float:
        """Stop, and return the seconds so far."""
        self._spent += self._clock() - self._since
        return self._spent

    def go_on(self) -> None:
        self._since = self._clock()


class Memory:
    """The peak of resident memory since its creation without pauses, above that at the start.

    Where the system can't set its mark back (all but Linux), pauses are not left out, and the
    start counts as the highest until then. What was freed before the start is given back to the
    system first: used again, it would not be seen.
    """

    def __init__(self) -> None:
        _give_back()
        self._peak = 0
        self._can_reset = self._reset()
        self._base = _resident() if self._can_reset else highest()

    def pause(self) -> int:
        """Stop, and return the bytes above the start so far."""
        self._peak = max(self._peak, highest() - self._base)
        return self._peak

    def go_on(self) -> None:
        if self._can_reset:
            self._reset()

    @staticmethod
    def _reset() -> bool:
        try:
            _CLEAR.write_text("5")
        except OSError:
            return False
        return True


def _give_back() -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):  # only GNU's allocator has it
        ctypes.CDLL(None).malloc_trim(0)


def _status(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no {field}")


def _resident() -> int:
    return _status("VmRSS")


def highest() -> int:
    """Return the highest resident memory of this process so far, in bytes."""
    if _STATUS.exists():
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
