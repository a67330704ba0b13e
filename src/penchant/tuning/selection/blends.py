"""Blends of the best families, with weights chosen on the validation part."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from penchant.models.blend.fusion import Fusion
from penchant.models.blend.model import Blend
from penchant.tuning.selection.families import Family
from penchant.tuning.selection.finishing import Costs, costs_of, n_measured, summed
from penchant.tuning.selection.part_scores import PartScores
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.results import Attempt
from penchant.tuning.selection.trials import Runner

log = logging.getLogger("penchant")

FUSION: Fusion = "top-mean"
"""How the scores of the families are brought to one scale."""
MOST_PARTS = 5
"""The number of best families that blends are made of."""

_TRIED_ON = 20
"""The share of the users, one in so many, on which the seconds of scores are estimated."""
_FIRST_SHARES = (0.3, 0.5)
"""Shares of each further model beside the best one, tried before anything else."""
_SHARES = (0.3, 0.5, 0.15, 0.7, 0.85)
"""Shares of the worse model of a pair, in the order in which they are tried."""
_FURTHER = (0.2, 0.35, 0.1)
"""Shares of a further model beside the best weights so far."""
_STEPS = (0.1, -0.1, 0.05, -0.05)
"""Changes of one model's share, in the end."""


@dataclass(frozen=True)
class Mixture:
    """Families and the weights of their scores.

    Attributes
    ----------
    weights
        Kind → weight; they add up to 1.
    attempt
        Its value on the validation part.
    costs
        The seconds of its fits and of the measurement of a user.
    """

    weights: dict[str, float]
    attempt: Attempt
    costs: Costs


class Mixer:
    """Tries blends of families that are fitted on the validation part already.

    The scores of each family are computed once; for the weights they are only added up. The best
    weights are then measured as a blend, on all users of the part.

    Parameters
    ----------
    runner
        Has the clock and the fitted models.
    families
        The families, the best first.
    part
        The part of the data.
    after
        Estimates the seconds of the steps that follow, by the costs of a blend; blends for which
        no time is left are not tried.
    seed
        The seed of the sample of users whose scores are kept.
    """

    def __init__(
        self,
        runner: Runner,
        families: Sequence[Family],
        part: Part,
        after: Callable[[Costs], float],
        seed: int,
    ) -> None:
        self._runner, self._part, self._after, self._seed = runner, part, after, seed
        self._families = {family.kind: family for family in families[:MOST_PARTS]}
        self._costs: dict[str, Costs] = {}

    def best(self) -> Mixture | None:
        """Return the best blend that was tried in time; None if there was none."""
        runner, part = self._runner, self._part
        bests = {kind: family.best(part.size) for kind, family in self._families.items()}
        parts = {kind: best.settings for kind, best in bests.items() if best is not None}
        subject = ["blend", parts, part.metric, part.exclude_seen, part.digest]
        stored = runner.journal.get(subject)
        if stored is not None:
            attempt = Attempt(**stored)
            runner.clock.add(attempt.seconds)
        else:
            attempt = self._searched(parts)
            if not attempt.has_value:
                return None
            runner.journal.put(subject, asdict(attempt))
        runner.attempts.append(attempt)
        weights = attempt.settings["weights"]
        log.info("blend: %.5f with %s in %.1f s", attempt.value, weights, attempt.seconds)
        costs = Costs(attempt.fit_seconds, attempt.measure_seconds / n_measured(part.split))
        return Mixture(weights, attempt, costs)

    def _searched(self, parts: dict[str, dict[str, Any]]) -> Attempt:
        """Search weights and measure the best as a blend; without a value if time is up."""
        runner, part = self._runner, self._part
        began = runner.clock.spent
        weights = self._weights()
        if weights is None:
            return Attempt("blend", {}, part.size, math.nan, -math.inf, 0.0, 0, "no time was left")
        models = {kind: runner.fit_best(self._families[kind], part) for kind in weights}
        values = []
        measuring = runner.clock.spent
        for number, cut in enumerate(part.cuts):
            fitted = {kind: of_cuts[number] for kind, of_cuts in models.items()}
            values.append(cut.measure(Blend(fitted, weights=weights, fusion=FUSION)))
        value = sum(values) / len(values)
        settings = {"parts": {kind: parts[kind] for kind in weights}, "weights": weights}
        return Attempt(
            "blend",
            settings,
            part.size,
            value,
            runner.score(value),
            runner.clock.spent - began,
            sum(of_cuts[0]._nbytes for of_cuts in models.values()),
            fit_seconds=self._costs_of(weights).fit,
            measure_seconds=(runner.clock.spent - measuring) / len(values),
        )

    def _weights(self) -> dict[str, float] | None:
        """Return the best weights on the stored scores: of pairs first, then of more models."""
        cuts = self._part.cuts
        n_kept = len(self._families) * len(cuts)
        scores = [PartScores(cut, n_kept, FUSION, self._seed) for cut in cuts]
        search = _Search(scores, self._runner, self._is_late)
        for kind, family in self._families.items():
            leader = next(iter(self._families))
            if self._is_late({leader, kind}, self._seconds_to_add(family, scores)):
                continue
            self._add(family, scores)
            if kind != leader and leader in scores[0].names:  # there may be no time for its scores
                search.try_all(_pairs(leader, kind, _FIRST_SHARES))
        search.improve(scores[0].names)
        for better, worse in itertools.combinations(scores[0].names, 2):
            search.try_all(_pairs(better, worse, _SHARES))
        search.improve(scores[0].names)
        return search.best

    def _seconds_to_add(self, family: Family, scores: Sequence[PartScores]) -> float:
        """Estimate the seconds of :meth:`_add` from a few of the users."""
        n_users = sum(of_cut.n_users for of_cut in scores)
        few = PartScores(self._part.cuts[0], 1, FUSION, self._seed, max(1, n_users // _TRIED_ON))
        model = self._runner.fit_best(family, self._part)[0]
        began = self._runner.clock.spent
        few.add(family.kind, model)
        return (self._runner.clock.spent - began) * n_users / max(few.n_users, 1)

    def _add(self, family: Family, scores: Sequence[PartScores]) -> None:
        """Compute the scores of a family for some users, which tells how long they take."""
        runner = self._runner
        fitted = runner.fit_best(family, self._part)
        began = runner.clock.spent
        for of_cut, model in zip(scores, fitted, strict=True):
            of_cut.add(family.kind, model)
        seconds = runner.clock.spent - began
        n_users = sum(of_cut.n_users for of_cut in scores)
        own = self._own_costs(family)
        self._costs[family.kind] = Costs(own.fit, seconds / max(n_users, 1))

    def _is_late(self, kinds: Iterable[str], seconds: float = 0.0) -> bool:
        """Whether no time is left to spend some seconds, measure a blend and finish it."""
        costs, part = self._costs_of(kinds), self._part
        measuring = costs.user * n_measured(part.split) * len(part.cuts)
        clock = self._runner.clock
        return clock.spent + seconds + measuring + self._after(costs) > clock.budget

    def _costs_of(self, kinds: Iterable[str]) -> Costs:
        """Return the costs of a blend; those of its families alone where scores are missing."""
        return summed(
            [self._costs.get(kind) or self._own_costs(self._families[kind]) for kind in kinds]
        )

    def _own_costs(self, family: Family) -> Costs:
        best = family.best(self._part.size)
        assert best is not None
        return costs_of(best, self._part)


class _Search:
    """Weights that were tried on stored scores, of each cut, and the best of them."""

    def __init__(
        self,
        scores: Sequence[PartScores],
        runner: Runner,
        is_late: Callable[[Iterable[str], float], bool],
    ) -> None:
        self._scores, self._runner, self._is_late = scores, runner, is_late
        self._longest = 0.0
        self._tried: dict[tuple[tuple[str, float], ...], float] = {}
        self.best: dict[str, float] | None = None

    def try_all(self, candidates: Iterator[dict[str, float]]) -> None:
        """Measure weights one after another while there is time."""
        for weights in candidates:
            key = tuple(sorted(weights.items()))
            if key in self._tried or self._is_late(weights, self._longest):
                continue
            began = self._runner.clock.spent
            value = sum(cut.measure(weights) for cut in self._scores) / len(self._scores)
            self._longest = max(self._longest, self._runner.clock.spent - began)
            self._tried[key] = self._runner.score(value)
            log.debug("blend: %.5f with %s", value, weights)
            if self.best is None or self._tried[key] > self._value(self.best):
                self.best = weights

    def improve(self, kinds: Sequence[str]) -> None:
        """Try each model beside the best weights, and then small changes of the shares."""
        for kind in kinds:
            self.extend(kind)
        self.refine()

    def extend(self, kind: str) -> None:
        """Try shares of a further model beside the best weights."""
        if self.best is not None and kind not in self.best:
            best = self.best
            self.try_all(_with_share(best, kind, share) for share in _FURTHER)

    def refine(self) -> None:
        """Change the share of one model after the other, as long as it helps."""
        before = None
        while self.best is not None and self.best != before:
            before = self.best
            moves = itertools.product(before, _STEPS)
            self.try_all(
                _with_share(before, kind, share)
                for kind, step in moves
                if 0 < (share := round(before[kind] + step, 2)) < 1
            )

    def _value(self, weights: dict[str, float]) -> float:
        return self._tried[tuple(sorted(weights.items()))]


def _pairs(better: str, worse: str, shares: Sequence[float]) -> Iterator[dict[str, float]]:
    """Yield the weights of two models, by the share of the worse one."""
    for share in shares:
        yield {better: round(1 - share, 2), worse: share}


def _with_share(weights: dict[str, float], kind: str, share: float) -> dict[str, float]:
    """Return weights in which one model has a share, and the others keep their proportions."""
    others = {name: weight for name, weight in weights.items() if name != kind}
    total = sum(others.values())
    scaled = {name: round(w / total * (1 - share), 4) for name, w in others.items()}
    return {**scaled, kind: share}
