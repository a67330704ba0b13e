"""Arguments and settings out of their range, refused in one way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from penchant.errors import SettingsError


def whole(name: str, value: object, least: int | None = None, most: int | None = None) -> int:
    """The value as an int.

    Raises
    ------
    SettingsError
        If it is not a whole number (True and 3.0 are not), below ``least`` or above ``most``.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise SettingsError(f"{name} must be a whole number, got {value!r}")
    found = int(value)
    if least is not None and found < least:
        raise SettingsError(f"{name} must be {least} or more, got {value!r}")
    if most is not None and found > most:
        raise SettingsError(f"{name} must be {most:,} or less, got {value!r}")
    return found


def threads(value: object) -> None:
    """Refuse what is no number of threads; None, all cores, is one.

    Raises
    ------
    SettingsError
        If it is anything else but a whole number of 1 or more.
    """
    if value is not None:
        whole("threads", value, 1)


def number(
    name: str, value: object, least: float, *, above: bool = False, most: float = math.inf
) -> float:
    """The value as a finite float of at least (or above) ``least`` and at most ``most``.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    found = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not math.isfinite(found) or not least <= found <= most or (above and found == least):
        bound = f"above {least:g}" if above else f"of {least:g} or more"
        if most < math.inf:
            bound += f" and {most:g} or less"
        raise SettingsError(f"{name} must be a finite number {bound}, got {value!r}")
    return found


def share(name: str, value: object, *, up_to_one: bool = False) -> float:
    """The value as a float above 0 and below 1.

    Raises
    ------
    SettingsError
        If it is anything else; 1 will do where ``up_to_one``.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        found = float(value)
        if 0 < found < 1 or (up_to_one and found == 1):
            return found
    upper = "up to 1" if up_to_one else "below 1"
    raise SettingsError(f"{name} must be a share above 0 and {upper}, got {value!r}")


def flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be True or False, got {value!r}")


def choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is not one of ``choices``.

    Raises
    ------
    SettingsError
        If it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")
