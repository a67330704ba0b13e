"""The time that a selection may take, and a clock that goes on where a stopped run ended."""

from __future__ import annotations

import math
import time

from penchant._settings import times
from penchant.errors import SettingsError


def seconds_of(budget: object) -> float:
    """Return a budget in seconds: ``"10 min"``, ``"90s"``, ``"1.5 h"`` or a number of seconds.

    Texts are those of :func:`penchant._settings.times.seconds_of`, or numbers of seconds.

    Raises
    ------
    SettingsError
        If it is none of these, or not above 0.
    """
    seconds: float | None = None
    if isinstance(budget, int | float) and not isinstance(budget, bool):
        seconds = float(budget)
    elif isinstance(budget, str):
        seconds = times.seconds_of(budget)
        seconds = times.seconds_of(f"{budget} s") if seconds is None else seconds
    if seconds is None or not 0 < seconds < math.inf:
        raise SettingsError(
            f"budget must be a time such as '10 min', '90s', '1.5 h' or 300 (seconds), "
            f"got {budget!r}"
        )
    return seconds


class Clock:
    """Seconds of a run, those of stored trials included.

    A resumed run takes its stored trials in no time and adds the seconds that they took, so that
    all decisions by time are those of an uninterrupted run.
    """

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._start, self._stored = time.perf_counter(), 0.0

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start + self._stored

    def add(self, seconds: float) -> None:
        """Add the seconds of a stored trial."""
        self._stored += seconds
