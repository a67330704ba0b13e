"""Settings checked once, where a model is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from tacit.errors import SettingsError


def check_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Raise SettingsError unless ``value`` is a whole number in ``least … most``."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        to = f"{least} or more" if most is None else f"{least} to {most}"
        raise SettingsError(f"{name} must be a whole number, {to}; got {value!r}")


def check_number(name: str, value: object, least: float, *, above: bool = False) -> None:
    """Raise SettingsError unless ``value`` is a finite number of at least (or above) ``least``."""
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or number < least or (above and number == least):
        bound = f"above {least:g}" if above else f"of {least:g} or more"
        raise SettingsError(f"{name} must be a finite number {bound}; got {value!r}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise SettingsError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")
