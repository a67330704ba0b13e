"""Blends of the best families, with weights chosen on the validation part."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from penchant.models.blend.model import Blend
from penchant.tuning.selection.families import Family
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.results import Attempt
from penchant.tuning.selection.trials import Runner

log = logging.getLogger("penchant")

_SHARES = (0.5, 0.3, 0.7, 0.15, 0.85)
"""Shares of the second model of a pair, in the order in which they are tried."""
_THIRD = (0.2, 0.35)
"""Shares of a third model beside the best pair."""


@dataclass(frozen=True)
class Mixture:
    """Families and the weights of their scores.

    Attributes
    ----------
    weights
        Kind → weight; they add up to 1.
    attempt
        Its value on the validation part.
    """

    weights: dict[str, float]
    attempt: Attempt


class Mixer:
    """Tries blends of families that are fitted on the validation part already."""

    def __init__(self, runner: Runner, families: Sequence[Family], part: Part, until: float):
        self._runner, self._part, self._until = runner, part, until
        self._families = {family.kind: family for family in families}
        self._longest = 0.0

    def best(self) -> Mixture | None:
        """Return the best blend that was tried in time; None if there was none."""
        kinds = list(self._families)[:3]
        mixtures: list[Mixture] = []
        for pair in itertools.combinations(kinds, 2):
            mixtures += self._try(self._pairs(pair))
        if not mixtures:
            return None
        best = max(mixtures, key=lambda mixture: mixture.attempt.score)
        for third in kinds:
            if third not in best.weights:
                mixtures += self._try(self._triples(best.weights, third))
        return max(mixtures, key=lambda mixture: mixture.attempt.score)

    @staticmethod
    def _pairs(pair: tuple[str, str]) -> list[dict[str, float]]:
        first, second = pair
        return [{first: round(1 - share, 2), second: share} for share in _SHARES]

    @staticmethod
    def _triples(weights: dict[str, float], third: str) -> list[dict[str, float]]:
        return [
            {**{kind: round(w * (1 - share), 4) for kind, w in weights.items()}, third: share}
            for share in _THIRD
        ]

    def _try(self, candidates: Sequence[dict[str, float]]) -> list[Mixture]:
        """Measure weights one after another while there is time."""
        mixtures = []
        for weights in candidates:
            if self._runner.clock.spent + self._longest > self._until:
                break
            attempt = self._measured(weights)
            self._longest = max(self._longest, attempt.seconds)
            if attempt.has_value:
                mixtures.append(Mixture(weights, attempt))
        return mixtures

    def _measured(self, weights: dict[str, float]) -> Attempt:
        runner, part = self._runner, self._part
        bests = {kind: self._families[kind].best(part.size) for kind in weights}
        parts = {kind: best.settings for kind, best in bests.items() if best is not None}
        settings = {"parts": parts, "weights": weights}
        subject = ["blend", settings, part.metric, part.exclude_seen, part.digest]
        stored = runner.journal.get(subject)
        if stored is not None:
            attempt = Attempt(**stored)
            runner.clock.add(attempt.seconds)
        else:
            began = time.perf_counter()
            models = {kind: runner.fit_best(self._families[kind], part) for kind in weights}
            blend = Blend(models, weights=weights, fusion="top-mean")
            value = part.measure(blend)
            size = sum(best.n_bytes for best in bests.values() if best is not None)
            score = -math.inf if math.isnan(value) else runner.sign * value
            spent = time.perf_counter() - began
            attempt = Attempt("blend", settings, part.size, value, score, spent, size)
            runner.journal.put(subject, asdict(attempt))
        runner.attempts.append(attempt)
        log.info("blend: %.5f with %s", attempt.value, weights)
        return attempt
