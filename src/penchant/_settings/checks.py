"""Range checks of arguments, with one form of error message for all of the library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from penchant.errors import SettingsError

_LARGEST_INT = 2**63 - 1


def check_int(name: str, value: object, min: int | None = None, max: int | None = None) -> int:  # noqa: A002
    """Return the value as an int.

    Raises
    ------
    SettingsError
        If it is not a whole number (True and 3.0 are not), below ``min`` or above ``max``.
    """
    if type(value) is int:  # the usual case, without asking an abstract class
        number = value
    elif isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
    else:
        raise SettingsError(f"{name} must be a whole number, got {value!r}")
    if not -_LARGEST_INT <= number <= _LARGEST_INT:
        raise SettingsError(f"{name} must be of 64 bits, got {str(value)[:40]}")
    if min is not None and number < min:
        raise SettingsError(f"{name} must be {min} or more, got {value!r}")
    if max is not None and number > max:
        raise SettingsError(f"{name} must be {max:,} or less, got {value!r}")
    return number


def check_float(
    name: str,
    value: object,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    *,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return the value as a finite float.

    Parameters
    ----------
    name
        The name of the argument, for the message.
    value
        Any real number but True and False.
    min, max
        The bounds, included.
    above, below
        The bounds, excluded.

    Raises
    ------
    SettingsError
        If it is not a finite number within the bounds.
    """
    number = _as_float(value)
    outside = (
        not math.isfinite(number)
        or (min is not None and number < min)
        or (max is not None and number > max)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    )
    if outside:
        bounds = bounds_text(min, max, above, below)
        raise SettingsError(
            f"{name} must be a finite number{' ' + bounds if bounds else ''}, got {value!r}"
        )
    return number


def _as_float(value: object) -> float:
    """Return a real number as a float; NaN for anything else, infinity if it is too large."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def bounds_text(
    min: float | None,  # noqa: A002
    max: float | None,  # noqa: A002
    above: float | None,
    below: float | None,
) -> str:
    """Return the bounds in words: ``"of 0 or more and below 1"``; empty without bounds."""
    words = []
    if min is not None:
        words.append(f"of {min:g} or more")
    if above is not None:
        words.append(f"above {above:g}")
    if max is not None:
        words.append(f"{max:g} or less")
    if below is not None:
        words.append(f"below {below:g}")
    return " and ".join(words)


def check_threads(value: object) -> None:
    """Check a number of threads: None (all cores), or 1 or more.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if value is not None:
        check_int("threads", value, min=1)


def check_share(name: str, value: object, *, up_to_one: bool = False) -> float:
    """Return the value as a float above 0 and below 1.

    Raises
    ------
    SettingsError
        If it is anything else; 1 is accepted with ``up_to_one``.
    """
    number = _as_float(value)
    if 0 < number < 1 or (up_to_one and number == 1):
        return number
    upper = "up to 1" if up_to_one else "below 1"
    raise SettingsError(f"{name} must be a share above 0 and {upper}, got {value!r}")


def check_bool(name: str, value: object) -> None:
    """Check that the value is True or False.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be True or False, got {value!r}")


def check_text(name: str, value: object) -> None:
    """Check that the value is a text that is not empty.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{name} must be a text, got {value!r}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Check that the value is one of ``choices``.

    Raises
    ------
    SettingsError
        If it is not.
    """
    if not isinstance(value, str) or value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")
