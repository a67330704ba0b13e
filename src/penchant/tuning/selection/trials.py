"""Attempts: fit a model on a part of the data, measure it, and store the result."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from penchant.models.base import Model
from penchant.models.capabilities import ReportsSteps, TrainsInEpochs
from penchant.tuning.results import CurveRow
from penchant.tuning.selection.budget import Clock
from penchant.tuning.selection.families import Family
from penchant.tuning.selection.journal import Journal
from penchant.tuning.selection.parts import Part
from penchant.tuning.selection.results import Attempt
from penchant.tuning.training import train

log = logging.getLogger("penchant")

_PATIENCE = 2
"""Measurements without improvement after which a training ends."""


class _TooSlowError(Exception):
    """A fit that would take longer than its limit."""


@dataclass(eq=False)
class Runner:
    """Runs attempts, or takes them from the journal.

    Attributes
    ----------
    journal, clock
        Where results are stored, and the time that they take.
    sign
        1 if higher values of the metric are better, else −1.
    attempts
        All attempts of this run, in order.
    fitted
        Kind → the model of the family's best attempt on the largest part, for blends.
    """

    journal: Journal
    clock: Clock
    sign: int
    attempts: list[Attempt] = field(default_factory=list)
    fitted: dict[str, tuple[Attempt, Model]] = field(default_factory=dict)
    _done: dict[str, Attempt] = field(default_factory=dict)
    _deadline: float = math.inf

    def attempt(
        self,
        family: Family,
        settings: dict[str, Any],
        part: Part,
        *,
        limit: float = math.inf,
    ) -> Attempt:
        """Return the attempt with these settings; a new one is added to the family's.

        A fit that would take longer than ``limit`` seconds is stopped, if the model reports its
        progress: some settings take a hundred times as long as others.
        """
        self._deadline = self.clock.spent + limit
        subject = ["attempt", family.kind, settings, part.metric, part.exclude_seen, part.digest]
        key = str(subject)
        if key in self._done:
            return self._done[key]
        stored = self.journal.get(subject)
        if stored is not None:
            attempt = self._restored(stored)
            self.clock.add(attempt.seconds)
        else:
            attempt = self._run(family, settings, part)
            self.journal.put(subject, asdict(attempt))
        self._done[key] = attempt
        family.attempts.append(attempt)
        self.attempts.append(attempt)
        log.info("%s: %.5f with %s", attempt.kind, attempt.value, attempt.settings)
        return attempt

    def model(self, family: Family, settings: dict[str, Any]) -> Model:
        """Return an unfitted model of a family with these settings."""
        return family.model(**settings)

    def fit_best(self, family: Family, part: Part) -> Model:
        """Return the model of the best attempt on a part, fitted unless it is kept."""
        best = family.best(part.size)
        assert best is not None
        kept = self.fitted.get(family.kind)
        if kept is None or kept[0] != best:
            model = self.model(family, best.settings).fit(part.split.train)
            self.fitted[family.kind] = kept = (best, model)
        return kept[1]

    def _restored(self, stored: dict[str, Any]) -> Attempt:
        settings = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored["settings"].items()
        }
        return Attempt(**{**stored, "settings": settings})

    def score(self, value: float) -> float:
        """Return a value of the metric as a score: more is better, −∞ without a value."""
        return -math.inf if math.isnan(value) else self.sign * value

    def _run(self, family: Family, settings: dict[str, Any], part: Part) -> Attempt:
        began = time.perf_counter()
        try:
            best, model = self._train(family, settings, part)
        except Exception as error:
            spent = time.perf_counter() - began
            message = f"{type(error).__name__}: {error}"
            log.info("%s with %s failed: %s", family.kind, settings, message)
            return Attempt(family.kind, settings, part.size, math.nan, -math.inf, spent, 0, message)
        value = best.test[part.metric]
        if isinstance(model, TrainsInEpochs):
            settings = {**settings, "iterations": best.epoch}
        attempt = Attempt(
            family.kind,
            settings,
            part.size,
            value,
            self.score(value),
            time.perf_counter() - began,
            model._nbytes,
        )
        self._keep(attempt, model, part)
        return attempt

    def _train(
        self, family: Family, settings: dict[str, Any], part: Part
    ) -> tuple[CurveRow, Model]:
        """Fit and measure a model, after some epochs if it has any; return the best."""
        best: tuple[CurveRow, Model] | None = None
        rows: list[CurveRow] = []

        def on_row(row: CurveRow, fitted: Model) -> bool:
            nonlocal best
            rows.append(row)
            metric = part.metric
            if best is None or self.sign * row.test[metric] > self.sign * best[0].test[metric]:
                best = row, fitted
            since = len(rows) - 1 - rows.index(best[0])
            late = self.clock.spent > min(self.clock.budget, self._deadline)
            return since >= _PATIENCE or late

        began = self.clock.spent

        def on_step(step: int, n: int) -> None:
            spent, limit = self.clock.spent - began, self._deadline - began
            # the first steps may be the longest: a projection needs a margin
            if spent >= limit or (spent > limit / 4 and spent * n / step > 3 * limit):
                raise _TooSlowError(f"stopped after {spent:.1f} s, at step {step} of {n}: too slow")

        report = {"on_step": on_step} if issubclass(family.model, ReportsSteps) else {}
        train(
            self.model(family, settings),
            part.split.train,
            family.search.epochs,
            lambda fitted: ({}, {part.metric: part.measure(fitted)}),
            on_row,
            **report,
        )
        assert best is not None
        return best

    def _keep(self, attempt: Attempt, model: Model, part: Part) -> None:
        """Keep the fitted model of a family's best attempt on the largest part so far."""
        kept = self.fitted.get(attempt.kind)
        if kept is None or (kept[0].size, kept[0].score) < (attempt.size, attempt.score):
            self.fitted[attempt.kind] = attempt, model
