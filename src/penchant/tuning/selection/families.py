"""The families of models that take part in a selection, and the settings that each one tries."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from penchant.data.interactions import Interactions
from penchant.errors import SettingsError
from penchant.models import class_of, kinds
from penchant.models.als.statistics import Statistics, rows_of_users
from penchant.models.base import Model
from penchant.models.capabilities import ReportsSteps, TrainsInEpochs
from penchant.models.search import Search
from penchant.tuning.selection.results import Attempt
from penchant.tuning.space import Space, declared_space

_STEPS = (0.03, 0.1, 0.25)
"""Standard deviations of a step from the best settings, as shares of a range.

One of them is drawn for each proposal: small steps refine, large ones leave a local optimum.
"""
_LOCAL_FROM, _RANDOM_EVERY = 3, 4
"""The first proposal near the best settings, and how often a random one is made from there on."""


@dataclass(eq=False)
class Family:
    """A kind of model with the space of its settings and what was tried.

    Attributes
    ----------
    kind, model, search
        The kind, its class, and what the class says about its search.
    space
        The settings that vary; None: there are none.
    attempts
        The finished attempts in order.
    dropped
        Why the family takes part no longer; empty while it does.
    """

    kind: str
    model: type[Model]
    search: Search
    space: Space | None
    attempts: list[Attempt] = field(default_factory=list)
    dropped: str = ""

    def best(self, size: int | None = None) -> Attempt | None:
        """Return the best attempt on so many interactions; None: on the most there are."""
        valued = [attempt for attempt in self.attempts if attempt.has_value]
        if not valued:
            return None
        size = max(attempt.size for attempt in valued) if size is None else size
        valued = [attempt for attempt in valued if attempt.size == size]
        return max(valued, key=lambda attempt: attempt.score, default=None)

    def seconds(self, size: int) -> float:
        """Estimate the seconds of another attempt on so many interactions.

        The time of some families depends on the number of items alone, of others it grows with
        the interactions. Of fits that can't be stopped the worse is expected.
        """
        measured = [item for item in self.attempts if item.has_value]
        if not measured:
            return 0.0
        largest = max(item.size for item in measured)
        recent = fmean(item.seconds for item in measured if item.size == largest)
        can_stop = issubclass(self.model, ReportsSteps | TrainsInEpochs)
        growth = max(1.0, size / largest) ** (0.5 if can_stop else 1.0)
        return float(recent * growth)

    def carried(self, size: int) -> dict[str, Any]:
        """Return the best settings on the largest smaller part, without the quick ones.

        Empty if these are the defaults, or there is no smaller part.
        """
        sizes = [item.size for item in self.attempts if item.has_value and item.size < size]
        best = self.best(max(sizes)) if sizes else None
        if best is None:
            return {}
        left = {"iterations", *self.search.quick}
        return {name: value for name, value in best.settings.items() if name not in left}

    def propose(self, number: int, size: int, seed: int) -> dict[str, Any] | None:
        """Return settings to try: those of the class, then random ones and ones near the best.

        They depend on the number, the seed and the attempts on so many interactions only. None:
        there is nothing else to try.
        """
        if number == 0:
            return {}
        if self.space is None or not self.space.names:
            return None
        stream = zlib.crc32(self.kind.encode())
        drawn = self.space.draw(seed + stream, number)
        best = self.best(size)
        if best is not None and number >= _LOCAL_FROM and number % _RANDOM_EVERY:
            drawn = self._near(best.settings, drawn, np.random.default_rng([seed, stream, number]))
        return {**self.space.fixed, **drawn}

    def _near(
        self, settings: dict[str, Any], drawn: dict[str, Any], rng: np.random.Generator
    ) -> dict[str, Any]:
        """Move the best settings a little; settings that the data decide may stay so."""
        assert self.space is not None
        names = self.space.names
        moved = rng.random(len(names)) < 1.5 / len(names)
        moved[rng.integers(len(names))] = True
        scale = float(rng.choice(_STEPS))
        point = {}
        for name, is_moved in zip(names, moved, strict=True):
            if name not in settings and not is_moved and name in self.search.rules:
                continue
            value = settings.get(name, self._usual(name))
            step = float(rng.normal(0, scale))
            if name not in self.space.ranges:
                point[name] = drawn[name] if is_moved or value is None else value
                continue
            ends = self.space.ranges[name]
            if not isinstance(value, int | float) or not ends.low <= value <= ends.high:
                point[name] = drawn[name]
            elif is_moved:
                point[name] = ends.at(min(max(ends.share_of(value) + step, 0.0), 1.0))
            else:
                point[name] = value
        return point

    def _usual(self, name: str) -> Any:
        """Return what a setting that is not given stands for."""
        if name in self.search.start:
            return self.search.start[name]
        declared = self.model.declarations
        return declared[name].default if name in declared else None


def families_of(models: str | Iterable[str | type[Model]], data: Interactions) -> list[Family]:
    """Return the families of a request: all of the registry, or the named ones.

    Raises
    ------
    SettingsError
        If a kind is unknown or takes no part in selections.
    """
    if isinstance(models, str) and models == "auto":
        return [family for kind in kinds() if (family := _family(kind, data)).search.included]
    listed: Sequence[Any] = [models] if isinstance(models, str) else list(models)
    if not listed:
        raise SettingsError("models names no kind of model: give 'auto', or a list of kinds")
    names = dict.fromkeys(item if isinstance(item, str) else item.kind for item in listed)
    chosen = [_family(name, data) for name in names]
    for family in chosen:
        if not family.search.included:
            raise SettingsError(f"{family.kind} takes no part in a selection of models")
    return chosen


def _family(kind: str, data: Interactions) -> Family:
    model = class_of(kind)
    search = model.search
    declared = {
        name: declaration.setting
        for name, declaration in model.declarations.items()
        if declaration.setting.tune is not None and not declaration.setting.advanced
    }
    space = declared_space(model, list(declared)) if search.space is None else dict(search.space)
    statistics = Statistics.of(rows_of_users(data))
    if statistics.nnz and statistics.smallest == statistics.largest:
        space.pop("confidence", None)  # all values weigh alike
    elif "confidence" in model.declarations:
        linear = [] if statistics.is_uneven else ["linear"]
        space["confidence"] = ["binary", "log", *linear]
    family = Family(kind, model, search, Space(model, space) if space else None)
    if search.needs_features and data.item_features is None and data.user_features is None:
        family.dropped = "it needs features of items or users"
    return family
