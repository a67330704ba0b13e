"""Settings to choose from: lists of values, and ranges."""

from __future__ import annotations

import difflib
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from penchant.errors import SettingsError
from penchant.models.base import Model

Point = dict[str, Any]
"""A value for each setting that varies."""


@dataclass(frozen=True)
class Range:
    """Any number from ``low`` to ``high``, both included.

    Only whole ones if both ends are ints and the setting takes whole numbers.

    Parameters
    ----------
    low, high
        The ends, low below high.
    log
        Draw evenly on a logarithmic scale; ``low`` must be above 0.

    Raises
    ------
    SettingsError
        If the ends are no finite numbers, or out of order.
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
            raise SettingsError(f"a logarithmic range must begin above 0, got {self.low!r}")

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return isinstance(self.low, Integral) and isinstance(self.high, Integral)

    def at(self, share: float) -> float:
        """The number at a share, 0…1, of the way."""
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        if self.log:
            found = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            found = low + share * (high - low)
        found = min(max(found, self.low), self.high)
        return math.floor(found) if self.whole else found

    def __str__(self) -> str:
        return f"{self.low:g} … {self.high:g}" + (", logarithmic" if self.log else "")


class Space:
    """What is searched: settings that vary, and those that are fixed.

    Parameters
    ----------
    model
        Whose settings they are.
    space
        Setting → a list of values; a :class:`Range` or a tuple (low, high) or (low, high,
        ``"log"``); or one value for all trials.

    Raises
    ------
    SettingsError
        If a setting is unknown, or its values are none.
    """

    def __init__(self, model: type[Model], space: Mapping[str, Any]) -> None:
        _need_mapping(space)
        self.fixed: dict[str, Any] = {}
        self.choices: dict[str, tuple[Any, ...]] = {}
        self.ranges: dict[str, Range] = {}
        for name, given in space.items():
            _check_name(model, name)
            if isinstance(given, list):
                self.choices[name] = _choices(name, given)
            elif isinstance(given, Range | tuple):
                self.ranges[name] = _range(name, given, fractions=_takes_fractions(model, name))
                _check_ends(model, name, self.ranges[name])
            else:
                self.fixed[name] = _described(given)
        self.names = tuple(name for name in space if name not in self.fixed)

    def grid(self, seed: int) -> list[Point]:
        """Every combination once, shuffled: time left can be told early, a part is of the whole.

        Raises
        ------
        SettingsError
            If a setting has a range.
        """
        if self.ranges:
            listed = ", ".join(self.ranges)
            raise SettingsError(
                f"a grid needs lists of values, and {listed} has a range: list some values, or "
                'take sampler="random" or "tpe"'
            )
        points = [
            dict(zip(self.choices, values, strict=True))
            for values in itertools.product(*self.choices.values())
        ]
        return [points[at] for at in np.random.default_rng(seed).permutation(len(points))]

    def draw(self, seed: int, number: int) -> Point:
        """The point of a trial when points are drawn at random, the same one at every call."""
        rng = np.random.default_rng([seed, number])
        return {
            name: self.choices[name][int(share * len(self.choices[name]))]
            if name in self.choices
            else self.ranges[name].at(share)
            for name, share in zip(self.names, rng.random(len(self.names)).tolist(), strict=True)
        }

    def described(self) -> dict[str, Any]:
        """The space as JSON can hold it: lists, and ``{"low", "high", "log"}``."""
        return {
            name: list(self.choices[name]) if name in self.choices else vars(self.ranges[name])
            for name in self.names
        }


def encode(value: Any) -> Any:
    """A value as a storage keeps it: plain ones as they are, pairs as JSON."""
    return value if value is None or isinstance(value, bool | int | float | str) else plain(value)


def plain(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, sort_keys=True, default=_as_plain)


def _as_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise SettingsError(f"{value!r} can't be searched: use numbers, texts or pairs of them")


def _need_mapping(space: object) -> None:
    if not isinstance(space, Mapping) or not space:
        raise SettingsError("the space must name settings: {'factors': [10, 20], …}")


def _check_name(model: type[Model], name: str) -> None:
    known = model.settings_names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise SettingsError(
            f"{model.__name__} has no setting {name!r}{hint}; there are: {', '.join(known)}"
        )
    if name == "iterations":
        raise SettingsError(
            "iterations are not searched by value: every trial is a learning curve, measured at "
            "epochs=…, and the best epoch is chosen"
        )


def _described(given: Any) -> Any:
    """Models that are a setting, as JSON can hold them."""
    if isinstance(given, Mapping):
        return {name: _described(one) for name, one in given.items()}
    return given.described() if isinstance(given, Model) else given


def _choices(name: str, given: list[Any]) -> tuple[Any, ...]:
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    if not values:
        raise SettingsError(f"{name} has no values to choose from")
    if len({plain(value) for value in values}) < len(values):
        raise SettingsError(f"{name} has a value twice: {given!r}")
    return tuple(values)


def _range(name: str, given: Any, *, fractions: bool) -> Range:
    if isinstance(given, tuple):
        ends, log = given[:2], given[2:]
        if len(ends) != 2 or log not in ((), ("log",)):
            raise SettingsError(
                f'{name}={given!r}: a tuple is a range, (low, high) or (low, high, "log"); values '
                "to choose from go into a list"
            )
        given = Range(*ends, log=bool(log))
    found: Range = given
    return Range(float(found.low), float(found.high), found.log) if fractions else found


def _check_ends(model: type[Model], name: str, ends: Range) -> None:
    """Check the ends of a range against the setting's declaration; open bounds may be ends."""
    declaration = model.declarations.get(name)
    if declaration is not None:
        for end in (ends.low, ends.high):
            if end not in (declaration.setting.above, declaration.setting.below):
                declaration.check(end)


def _takes_fractions(model: type[Model], name: str) -> bool:
    """Whether a setting takes any number rather than a whole one."""
    declaration = model.declarations.get(name)
    return declaration is not None and declaration.kind in ("float", "pair")
