"""Durations and times as settings: numbers in the unit of the data, or texts such as ``"30d"``."""

from __future__ import annotations

import datetime as dt
import re

from penchant._settings import checks
from penchant.errors import SettingsError

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_DURATION = re.compile(r"\s*([0-9.eE+-]+?)\s*([a-zA-Z]+)\s*")


_PLAUSIBLE = (631_152_000, 4_102_444_800)  # seconds since 1970, from 1990 to 2100


def dates_of(first: int, last: int) -> tuple[str, str] | None:
    """Return the dates (UTC) of two times since 1970; None if they are something else, as steps.

    They are in seconds, milliseconds, microseconds or nanoseconds if both are of such a size.
    """
    begin, end = _PLAUSIBLE
    for unit in (1, 10**3, 10**6, 10**9):
        if begin <= first / unit and last / unit <= end:
            moments = (dt.datetime.fromtimestamp(each // unit, dt.UTC) for each in (first, last))
            return tuple(moment.date().isoformat() for moment in moments)  # type: ignore[return-value]
    return None


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration such as ``"12h"``, ``"1.5 hours"`` or ``"10 min"``.

    Units are seconds (s), minutes (m, min), hours (h), days (d) and weeks (w). None: the text is
    no number with a unit.
    """
    match = _DURATION.fullmatch(text)
    unit = None if match is None else _UNITS.get(match[2].lower())
    if match is None or unit is None:
        return None
    try:
        return float(match[1]) * unit
    except ValueError:
        return None


def check_duration(name: str, value: object) -> float:
    """Return a duration as a number in the unit of the timestamps.

    Parameters
    ----------
    name
        The name of the argument, for the message.
    value
        A number above 0, in that unit; or a text such as ``"12h"``, ``"30d"`` or ``"8w"``, which
        :func:`seconds_of` converts to seconds.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if not isinstance(value, str):
        return checks.check_float(name, value, above=0)
    seconds = seconds_of(value)
    if seconds is None:
        raise SettingsError(
            f"{name} must be a number or a duration such as '12h', '30d' or '8w', got {value!r}"
        )
    return checks.check_float(name, seconds, above=0)


def check_time(name: str, value: object, newest: int) -> int:
    """Return a time in the unit of the timestamps.

    Parameters
    ----------
    name
        The name of the argument, for the message.
    value
        A whole number in that unit; a date or date and time in ISO format, ``"2024-01-31"``,
        which becomes seconds since 1970, in UTC unless it has an offset; or a duration such as
        ``"90d"``, in seconds before ``newest``.
    newest
        The newest timestamp.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if not isinstance(value, str):
        return checks.check_int(name, value)
    seconds = seconds_of(value)
    if seconds is not None:
        return newest - int(checks.check_float(name, seconds, above=0, max=2.0**62))
    try:
        moment = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        raise SettingsError(
            f"{name} must be a whole number, a date such as '2024-01-31' or a duration such as "
            f"'90d', got {value!r}"
        ) from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp())
