"""Attempts: fit a model on a part of the data, measure it, and store the result."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from penchant.evaluation.candidates import Scorable
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
_FAR = 0.1
"""The share of the best value by which settings may be behind it on the first of several cuts."""


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
        Kind → the family's best attempt on the largest part, and its model for each cut of the
        part, for blends.
    """

    journal: Journal
    clock: Clock
    sign: int
    attempts: list[Attempt] = field(default_factory=list)
    fitted: dict[str, tuple[Attempt, list[Model]]] = field(default_factory=dict)
    _done: dict[str, Attempt] = field(default_factory=dict)
    _deadline: float = math.inf
    _measured: list[float] = field(default_factory=list)

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

    def fit_best(self, family: Family, part: Part) -> list[Model]:
        """Return the model of the best attempt for each cut of a part, fitted unless kept."""
        best = family.best(part.size)
        assert best is not None
        kept = self.fitted.get(family.kind)
        if kept is None or kept[0] != best:
            model = self.model(family, best.settings)
            fitted = [model.with_settings().fit(cut.split.train) for cut in part.cuts]
            self.fitted[family.kind] = kept = (best, fitted)
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
        began = self.clock.spent
        self._measured = []
        try:
            (epoch, last), value, models = self._train(family, settings, part)
        except Exception as error:
            spent = self.clock.spent - began
            message = f"{type(error).__name__}: {error}"
            log.info("%s with %s failed: %s", family.kind, settings, message)
            return Attempt(family.kind, settings, part.size, math.nan, -math.inf, spent, 0, message)
        if isinstance(models[0], TrainsInEpochs):
            settings = {**settings, "iterations": epoch}
        seconds, measuring = self.clock.spent - began, sum(self._measured)
        attempt = Attempt(
            family.kind,
            settings,
            part.size,
            value,
            self.score(value),
            seconds,
            models[0]._nbytes,
            fit_seconds=(seconds - measuring) / len(models) * epoch / last,
            measure_seconds=measuring / len(self._measured),
        )
        if len(models) == len(part.cuts):
            self._keep(attempt, models)
        return attempt

    def _train(
        self, family: Family, settings: dict[str, Any], part: Part
    ) -> tuple[tuple[int, int], float, list[Model]]:
        """Fit and measure a model on each cut of a part.

        Returns the epoch with the best mean value and the last one, that value and the models
        then. Settings that are far behind the family's best on the first cut are not fitted on the
        others.
        """
        first = self._curve(family, settings, part.cuts[0], family.search.epochs)
        curves, epochs = [first], tuple(sorted(first))
        reached = max(self.score(value) for value, _ in first.values())
        best = family.best(part.size)
        if best is None or reached >= best.score - _FAR * abs(best.score):
            curves += [
                self._curve(family, settings, cut, epochs, patience=math.inf)
                for cut in part.cuts[1:]
            ]
        means = {
            epoch: sum(curve[epoch][0] for curve in curves) / len(curves)
            for epoch in epochs
            if all(epoch in curve for curve in curves)
        }
        epoch = max(means, key=lambda each: self.score(means[each]))
        return (epoch, epochs[-1]), means[epoch], [curve[epoch][1] for curve in curves]

    def _curve(
        self,
        family: Family,
        settings: dict[str, Any],
        cut: Part,
        epochs: tuple[int, ...],
        patience: float = _PATIENCE,
    ) -> dict[int, tuple[float, Model]]:
        """Fit a model on one cut; return its values and models after some epochs if it has any."""
        curve: dict[int, tuple[float, Model]] = {}

        def on_row(row: CurveRow, fitted: Model) -> bool:
            curve[row.epoch] = row.test[cut.metric], fitted
            scores = [self.score(value) for value, _ in curve.values()]
            since = len(scores) - 1 - scores.index(max(scores))
            late = self.clock.spent > min(self.clock.budget, self._deadline)
            return since >= patience or (late and patience < math.inf)

        began = self.clock.spent

        def on_step(step: int, n: int) -> None:
            spent, limit = self.clock.spent - began, self._deadline - began
            # the first steps may be the longest: a projection needs a margin
            if spent >= limit or (spent > limit / 4 and spent * n / step > 3 * limit):
                raise _TooSlowError(f"stopped after {spent:.1f} s, at step {step} of {n}: too slow")

        def is_late() -> bool:
            late = self.clock.spent > self._deadline
            if late and not curve:
                raise _TooSlowError(f"stopped after {self.clock.spent - began:.1f} s: too slow")
            return late

        report = {"on_step": on_step} if issubclass(family.model, ReportsSteps) else {}
        train(
            self.model(family, settings),
            cut.split.train,
            epochs,
            lambda fitted: ({}, {cut.metric: self._timed(cut, fitted)}),
            on_row,
            is_late,
            **report,
        )
        return curve

    def _timed(self, cut: Part, fitted: Scorable) -> float:
        """Measure a model, and keep the seconds that it takes."""
        began = self.clock.spent
        value = cut.measure(fitted)
        self._measured.append(self.clock.spent - began)
        return value

    def _keep(self, attempt: Attempt, models: list[Model]) -> None:
        """Keep the fitted models of a family's best attempt on the largest part so far."""
        kept = self.fitted.get(attempt.kind)
        if kept is None or (kept[0].size, kept[0].score) < (attempt.size, attempt.score):
            self.fitted[attempt.kind] = attempt, models
