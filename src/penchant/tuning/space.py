"""Tuning spaces: lists of values and ranges of settings."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from penchant._boundary import checked_methods
from penchant.errors import SettingsError
from penchant.models.base import Model

Point = dict[str, Any]
"""A value for each setting that varies."""


@checked_methods
@dataclass(frozen=True)
class Range:
    """All numbers from ``low`` to ``high``, both included.

    Only whole numbers if both ends are ints and the setting takes whole numbers.

    Parameters
    ----------
    low, high
        The ends; low must be below high.
    log
        Whether to sample uniformly on a logarithmic scale; ``low`` must be above 0.

    Raises
    ------
    SettingsError
        If the ends are not finite numbers, or out of order.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if not isinstance(end, Real) or isinstance(end, bool) or not math.isfinite(end):
                raise SettingsError(f"the ends of a range must be finite numbers, got {end!r}")
        if not self.low < self.high:
            raise SettingsError(f"a range runs from low to high, got {self.low!r} … {self.high!r}")
        if self.log and self.low <= 0:
            raise SettingsError(f"a logarithmic range must start above 0, got {self.low!r}")

    @property
    def whole(self) -> bool:
        """Whether the range has whole numbers only."""
        return isinstance(self.low, Integral) and isinstance(self.high, Integral)

    def at(self, share: float) -> float:
        """Return the number at a share, 0…1, of the range."""
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        value = min(max(value, self.low), self.high)
        return math.floor(value) if self.whole else value

    def share_of(self, value: float) -> float:
        """Return the place of a number in the range as a share, 0…1."""
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def __str__(self) -> str:
        return f"{self.low:g} … {self.high:g}" + (", logarithmic" if self.log else "")


class Space:
    """A tuning space: varying settings with their values, and fixed settings.

    Parameters
    ----------
    model
        The class of the model.
    space
        Setting → a list of values; a :class:`Range` or a tuple (low, high) or (low, high,
        ``"log"``); or one value for all trials. A list of names: the values that these settings
        declare, see :func:`declared_space`.

    Raises
    ------
    SettingsError
        If a setting is unknown, or its values are invalid.
    """

    def __init__(self, model: type[Model], space: Mapping[str, Any] | Sequence[str]) -> None:
        if isinstance(space, list | tuple):
            space = declared_space(model, space)
        space = _checked_mapping(space)
        self.fixed: dict[str, Any] = {}
        self.choices: dict[str, tuple[Any, ...]] = {}
        self.ranges: dict[str, Range] = {}
        for name, values in space.items():
            _check_name(model, name)
            if isinstance(values, list):
                self.choices[name] = _choices(name, values)
            elif isinstance(values, Range | tuple):
                self.ranges[name] = _range(name, values, fractions=_takes_fractions(model, name))
                _check_ends(model, name, self.ranges[name])
            else:
                self.fixed[name] = _described(values)
        self.names = tuple(name for name in space if name not in self.fixed)

    def grid(self, seed: int) -> list[Point]:
        """Return every combination once, shuffled, so that a part of them samples the whole grid.

        Raises
        ------
        SettingsError
            If a setting has a range.
        """
        if self.ranges:
            listed = ", ".join(self.ranges)
            raise SettingsError(
                f"a grid needs lists of values, and {listed} has a range: list its values, or "
                'use sampler="random" or "tpe"'
            )
        points = [
            dict(zip(self.choices, values, strict=True))
            for values in itertools.product(*self.choices.values())
        ]
        return [points[at] for at in np.random.default_rng(seed).permutation(len(points))]

    def draw(self, seed: int, number: int) -> Point:
        """Return the random point of a trial; the same at every call."""
        rng = np.random.default_rng([seed, number])
        return {
            name: self.choices[name][int(share * len(self.choices[name]))]
            if name in self.choices
            else self.ranges[name].at(share)
            for name, share in zip(self.names, rng.random(len(self.names)).tolist(), strict=True)
        }

    def described(self) -> dict[str, Any]:
        """Return the space as JSON-compatible data: lists, and ``{"low", "high", "log"}``."""
        return {
            name: list(self.choices[name]) if name in self.choices else vars(self.ranges[name])
            for name in self.names
        }


def declared_space(model: type[Model], names: Sequence[str]) -> dict[str, Any]:
    """Return the values worth trying that a model declares for some of its settings.

    Raises
    ------
    SettingsError
        If a setting is unknown or declares no values.
    """
    space = {}
    for name in names:
        _check_name(model, name)
        values = model.declarations[name].setting.tune
        if values is None:
            declared = [
                other
                for other, declaration in model.declarations.items()
                if declaration.setting.tune is not None
            ]
            raise SettingsError(
                f"{name} declares no values worth trying: give a list or a range of them; "
                f"{model.__name__} declares them for {', '.join(declared) or 'no setting'}"
            )
        space[name] = values
    return space


def encode(value: Any) -> Any:
    """Return a value as it is stored: scalars unchanged, pairs as JSON."""
    return value if value is None or isinstance(value, bool | int | float | str) else plain(value)


def plain(value: Any) -> str:
    """Return a value as JSON text."""
    return json.dumps(value, sort_keys=True, default=_as_plain)


def _as_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise SettingsError(f"{value!r} can't be tuned: use numbers, texts or pairs of them")


def _checked_mapping(space: object) -> Mapping[str, Any]:
    if not isinstance(space, Mapping) or not space:
        raise SettingsError("the space must name settings: {'factors': [10, 20], …}")
    return space


def _check_name(model: type[Model], name: str) -> None:
    names = model.settings_names()
    if name not in names:
        close = difflib.get_close_matches(str(name), names, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise SettingsError(
            f"{model.__name__} has no setting {name!r}{hint}; there are: {', '.join(names)}"
        )
    if name == "iterations":
        raise SettingsError(
            "iterations can't be in the space: every trial is a learning curve, measured at "
            "epochs=…, and the best epoch is chosen"
        )


def _described(value: Any) -> Any:
    """Return the value of a setting with models replaced by JSON-compatible data."""
    if isinstance(value, Mapping):
        return {name: _described(item) for name, item in value.items()}
    return value.described() if isinstance(value, Model) else value


def _choices(name: str, listed: list[Any]) -> tuple[Any, ...]:
    values = [value.item() if isinstance(value, np.generic) else value for value in listed]
    if not values:
        raise SettingsError(f"{name} has no values to choose from")
    if len({plain(value) for value in values}) < len(values):
        raise SettingsError(f"{name} has a value twice: {listed!r}")
    return tuple(values)


def _range(name: str, limits: Any, *, fractions: bool) -> Range:
    if isinstance(limits, tuple):
        ends, log = limits[:2], limits[2:]
        if len(ends) != 2 or log not in ((), ("log",)):
            raise SettingsError(
                f'{name}={limits!r}: a tuple is a range, (low, high) or (low, high, "log"); give '
                "values to choose from as a list"
            )
        limits = Range(*ends, log=bool(log))
    checked: Range = limits
    return Range(float(checked.low), float(checked.high), checked.log) if fractions else checked


def _check_ends(model: type[Model], name: str, ends: Range) -> None:
    """Check the ends of a range against the setting's declaration; open bounds may be ends."""
    declaration = model.declarations.get(name)
    if declaration is not None:
        for end in (ends.low, ends.high):
            if end not in (declaration.setting.above, declaration.setting.below):
                declaration.check(end)


def _takes_fractions(model: type[Model], name: str) -> bool:
    """Whether a setting takes any number rather than whole numbers."""
    declaration = model.declarations.get(name)
    if declaration is not None:
        return declaration.kind in ("float", "pair")
    fields = {field.name: field for field in dataclasses.fields(model)}  # type: ignore[arg-type]
    return isinstance(fields[name].default, float)
