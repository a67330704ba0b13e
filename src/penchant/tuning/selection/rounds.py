"""The rounds of a selection: successive halving over the size of the data and of the models.

Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
optimization": many candidates get a little time, the better ones more. The candidates are families;
each uses its time to try settings.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from penchant.tuning.selection.families import Family
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.results import Attempt
from penchant.tuning.selection.trials import Runner

log = logging.getLogger("penchant")


@dataclass(frozen=True)
class Round:
    """What a round does.

    Attributes
    ----------
    part
        The part of the data.
    until
        The share of the search's time at which it ends.
    quick
        Whether the quick settings of the families apply.
    within, most
        The families that remain: those within this share of the best value, and how many.
    """

    part: Part
    until: float
    quick: bool
    within: float
    most: int


_HOPELESS = 0.1
"""The share of the best value on the smallest part below which a family is dropped at once."""
_MOST_ATTEMPTS = 12
"""The most attempts of a family in a round before the last."""
_LONGER, _LEAST = 5.0, 0.1
"""The most seconds of an attempt: so many times those of its family's longest, or at least a share
of the search's time."""
_MOST_IN_ALL = 60
"""The most attempts of a family in the last round: more would fit the validation part."""
_COSTLY = 0.25
"""The most share of the budget for the steps after the search, if others are nearly as good."""
_WORTH = 0.9
"""The share of the best value that a family has, if costlier ones are dropped in its favor."""
_SHARES = (0.6, 0.25, 0.15)
"""The shares of the last round's time that the remaining families get, the best first."""


class Halving:
    """Runs the rounds on some families.

    Parameters
    ----------
    runner
        Runs the attempts.
    families
        All families.
    seconds
        The time of the search, within the budget.
    seed
        The seed of the settings that are drawn.
    on_attempt
        Called after each attempt.
    latest
        Returns the time, of the clock, at which the search ends at the latest, by what is known
        of the steps that follow.
    last_seconds
        Returns the seconds of the steps that follow if a family is chosen, by its best attempt on
        a part.
    """

    def __init__(
        self,
        runner: Runner,
        families: Sequence[Family],
        seconds: float,
        seed: int,
        on_attempt: Callable[[Family], None],
        latest: Callable[[], float] = lambda: math.inf,
        last_seconds: Callable[[Family, Part], float] = lambda *_: 0.0,
    ) -> None:
        self._runner, self._families, self._seconds = runner, list(families), seconds
        self._seed, self._on_attempt, self._latest = seed, on_attempt, latest
        self._last_seconds = last_seconds

    @property
    def remaining(self) -> list[Family]:
        """The families that take part still."""
        return [family for family in self._families if not family.dropped]

    def probe(self, part: Part) -> None:
        """Fit all families on a small part, to order them by cost.

        Those that can't be fitted are dropped, and those that are hopelessly far behind.
        """
        for family in self.remaining:
            settings = dict(family.search.quick)
            attempt = self._runner.attempt(family, settings, part)
            if not attempt.has_value:
                family.dropped = attempt.message.partition(": ")[2] or "no value"
            self._on_attempt(family)
        self._families.sort(key=lambda family: family.seconds(part.size))
        if self._runner.sign > 0:  # lower values have no share
            bests = [(family, family.best(part.size)) for family in self.ranked(part)]
            scores = [best.score for _, best in bests if best is not None]
            for family, best in bests:
                if best is not None and best.score < _HOPELESS * scores[0]:
                    family.dropped = _behind(best, part)

    def run(self, rounds: Sequence[Round]) -> None:
        """Run rounds in order; attempts for which no time is left are skipped."""
        for step in rounds:
            self._round(step)
            self._drop(step)

    def finish(self, part: Part) -> None:
        """Spend the rest of the time on the remaining families, most of it on the best."""
        ranked = self.ranked(part)
        spent = dict.fromkeys((family.kind for family in ranked), 0.0)
        numbers = dict.fromkeys(spent, _MOST_ATTEMPTS)
        open_ones = list(ranked)
        while open_ones and not self._is_late(1.0):
            # the family that has had the least of its share
            shares = dict(zip((family.kind for family in ranked), _SHARES, strict=False))
            family = min(
                open_ones, key=lambda other: spent[other.kind] / (shares.get(other.kind, 0.1))
            )
            number = numbers[family.kind] = numbers[family.kind] + 1
            settings = family.propose(number, part.size, self._seed)
            is_done = number > _MOST_ATTEMPTS + _MOST_IN_ALL
            if settings is None or is_done or family.seconds(part.size) > self._left:
                open_ones.remove(family)
                continue
            spent[family.kind] += self._attempt(family, settings, part)

    def ranked(self, part: Part, *, dropped: bool = False) -> list[Family]:
        """Return the families with a value on a part, the best first; dropped ones on request."""
        families = self._families if dropped else self.remaining
        valued = [(family.best(part.size), family) for family in families]
        ranked = sorted(
            ((best.score, family) for best, family in valued if best is not None),
            key=lambda pair: -pair[0],
        )
        return [family for _, family in ranked]

    # --- a round --------------------------------------------------------------------

    def _round(self, step: Round) -> None:
        families = self.remaining
        begun = self._runner.clock.spent
        slice_ = max(0.0, self._seconds * step.until - begun) / max(len(families), 1)
        spent = dict.fromkeys((family.kind for family in families), 0.0)
        for family in families:
            carried, cost = family.carried(step.part.size), family.seconds(step.part.size)
            if carried and self._runner.clock.spent + cost <= self._seconds * step.until:
                spent[family.kind] += self._attempt(family, carried, step.part)
        for number in range(_MOST_ATTEMPTS):
            for family in families:
                cost = family.seconds(step.part.size)
                first = number == 0 and cost < self._left
                if not first and (spent[family.kind] + cost > slice_ or self._is_late(step.until)):
                    continue
                settings = family.propose(number, step.part.size, self._seed)
                if settings is None:
                    continue
                if step.quick:
                    settings = {**settings, **family.search.quick}
                spent[family.kind] += self._attempt(family, settings, step.part)

    def _attempt(self, family: Family, settings: dict[str, Any], part: Part) -> float:
        """Run an attempt; return its seconds, 0 if it was run before."""
        n, cost = len(family.attempts), family.seconds(part.size)
        left = self._left
        usual = max(_LONGER * cost, _LEAST * self._seconds) if cost else left
        limit = max(0.0, min(left, usual))
        attempt = self._runner.attempt(family, settings, part, limit=limit)
        self._on_attempt(family)
        return attempt.seconds if len(family.attempts) > n else 0.0

    def _drop(self, step: Round) -> None:
        """Drop the families that are behind, and those that could not be measured."""
        ranked = self._affordable(self.ranked(step.part), step.part)
        if not ranked:
            return
        leader = ranked[0].best(step.part.size)
        assert leader is not None
        for place, family in enumerate(ranked):
            best = family.best(step.part.size)
            assert best is not None
            behind = leader.score - best.score > (1 - step.within) * abs(leader.score)
            if behind or place >= step.most:
                family.dropped = _behind(best, step.part)
        for family in self.remaining:
            if family not in ranked:
                family.dropped = "it takes longer than the time that is left"

    def _affordable(self, ranked: list[Family], part: Part) -> list[Family]:
        """Drop costly families, unless all others are far behind; return those that remain.

        More settings and blends of the others gain more than a small lead is worth.
        """
        seconds = {family.kind: self._last_seconds(family, part) for family in ranked}
        most = _COSTLY * self._runner.clock.budget
        others = [family for family in ranked if seconds[family.kind] <= most]
        if not others:
            return ranked
        first, other = ranked[0].best(part.size), others[0].best(part.size)
        assert first is not None
        assert other is not None
        if first.score - other.score > (1 - _WORTH) * abs(first.score):
            return ranked
        for family in ranked:
            if family not in others:
                best = family.best(part.size)
                assert best is not None
                value = _value(best, part)
                family.dropped = f"{value}, and {seconds[family.kind]:.0f} s for its last fits"
        return others

    def _is_late(self, share: float) -> bool:
        return self._runner.clock.spent >= min(self._seconds * share, self._latest())

    @property
    def _left(self) -> float:
        """Seconds until the end of the search."""
        return min(self._seconds, self._latest()) - self._runner.clock.spent


def _behind(best: Attempt, part: Part) -> str:
    return f"behind: {_value(best, part)}"


def _value(best: Attempt, part: Part) -> str:
    return f"{part.metric} {best.value:.4f} on {part.split.train.nnz:,} interactions"
