"""The time that a selection may take, and a clock that goes on where a stopped run ended."""

from __future__ import annotations

import math
import re
import time

from penchant.errors import SettingsError

_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_FORM = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*?)s?\s*", re.IGNORECASE)


def seconds_of(budget: object) -> float:
    """Return a budget in seconds: ``"10 min"``, ``"90s"``, ``"1.5 h"`` or a number of seconds.

    Raises
    ------
    SettingsError
        If it is none of these, or not above 0.
    """
    seconds = math.nan
    if isinstance(budget, int | float) and not isinstance(budget, bool):
        seconds = float(budget)
    elif isinstance(budget, str) and (match := _FORM.fullmatch(budget)):
        number, unit = match.groups()
        seconds = float(number) * _UNITS.get(unit.lower() or "s", math.nan)
    if not 0 < seconds < math.inf:
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
