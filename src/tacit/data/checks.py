"""Arguments out of their range, refused in one way."""

from __future__ import annotations

from numbers import Integral, Real

from tacit.errors import SettingsError


def whole(name: str, value: object, least: int | None = None) -> int:
    """The value as an int.

    Raises
    ------
    SettingsError
        If it is not a whole number (True and 3.0 are not), or below ``least``.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise SettingsError(f"{name} must be a whole number, got {value!r}")
    if least is not None and value < least:
        raise SettingsError(f"{name} must be {least} or more, got {value!r}")
    return int(value)


def share(name: str, value: object, *, up_to_one: bool = False) -> float:
    """The value as a float above 0 and below 1.

    Raises
    ------
    SettingsError
        If it is anything else; 1 will do where ``up_to_one``.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        if 0 < number < 1 or (up_to_one and number == 1):
            return number
    upper = "up to 1" if up_to_one else "below 1"
    raise SettingsError(f"{name} must be a share above 0 and {upper}, got {value!r}")
