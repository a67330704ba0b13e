"""A worker process: runs trials one after another until all are finished or time is up."""

from __future__ import annotations

import contextlib
import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial, TrialState

from penchant.errors import DataError
from penchant.models.base import Model
from penchant.tuning.curve import Patience
from penchant.tuning.plan import Plan
from penchant.tuning.results import CurveRow, LearningCurve, State, Trial, TuningResult
from penchant.tuning.sampler import distributions, point_of
from penchant.tuning.training import train
from penchant.tuning.trial_store import TrialStore

__all__ = ["Progress"]

log = logging.getLogger("penchant")

Stopped = Literal["timeout", "interrupted"]
_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
_PRUNE_AFTER = 5  # trials, so that a median means something


@dataclass(frozen=True)
class Progress:
    """The progress of a tuning run.

    Attributes
    ----------
    finished, total
        The numbers of finished and of all trials (None: no number was given).
    best
        The best trial so far, or None.
    settings
        The settings of the current trial.
    row
        The last measurements of the current trial, or None.
    ended
        The trial that has just ended, or None during a trial.
    elapsed
        Seconds since this process started tuning.
    left
        Estimated seconds until the end; None if unknown.
    """

    finished: int
    total: int | None
    best: Trial | None
    settings: dict[str, Any]
    row: CurveRow | None
    ended: Trial | None
    elapsed: float
    left: float | None

    def __str__(self) -> str:
        total = "" if self.total is None else f" of {self.total}"
        best = "" if self.best is None else f", best: {self.best}"
        left = "" if self.left is None else f", about {self.left:.0f} s left"
        return f"{self.finished}{total} trials in {self.elapsed:.0f} s{left}{best}"


OnProgress = Callable[[Progress], object]


class Worker:
    """Runs the trials of one process."""

    def __init__(
        self, plan: Plan, store: TrialStore, timeout: float | None, on_progress: OnProgress | None
    ) -> None:
        self._plan, self._store, self._timeout = plan, store, timeout
        self._on_progress = on_progress
        self._space = distributions(plan.space)
        self._pruner, self._measures = _pruner(plan), plan.measures
        # kept alive, since all trials share the transposed matrices
        self._by_item = [split.train.by_item() for split in plan.splits]
        self._start = time.perf_counter()
        self._trials: dict[int, Trial] = {}
        self._result = self.result()
        self._finished_before = len(self._result.trials)

    def run(self) -> Stopped | None:
        """Run trials; return the reason for stopping, None if no trial is left."""
        try:
            while not self._is_late():
                trial = self._store.claim(self._space, self._plan.total)
                if trial is None:
                    return None
                with self._store.released_unless_ended(trial):
                    self._run_trial(trial)
        except KeyboardInterrupt:
            log.warning("stopped; finished trials are stored")
            return "interrupted"
        return "timeout"

    def result(self) -> TuningResult:
        """Return the finished trials of the storage as a result."""
        plan = self._plan
        ended = self._store.ended()
        for stored in ended:
            if stored.number not in self._trials:
                self._trials[stored.number] = trial_of(plan, stored)
        trials = tuple(self._trials[stored.number] for stored in ended)
        left = None if plan.total is None else max(0, plan.total - len(trials))
        about = plan.about() | {"unfinished": left}
        return TuningResult(
            plan.model, plan.metric, plan.better, trials, dict(plan.space.fixed), about
        )

    # --- a trial -------------------------------------------------------------------

    def _run_trial(self, trial: FrozenTrial) -> None:
        point = point_of(self._plan.space, trial.params)
        self._report(point)
        if not self._store.copy_duplicate(trial):
            self._fit_trial(trial, point)
        self._result = self.result()
        ended = next(other for other in self._result.trials if other.number == trial.number)
        self._report(point, ended=ended)

    def _fit_trial(self, trial: FrozenTrial, point: dict[str, Any]) -> None:
        try:
            rows, pruned = self._train(trial, point)
            value = _curve(self._plan, point, rows).best().test[self._plan.metric]
        except _CallbackError as wrapper:
            raise wrapper.error from None
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            log.warning("trial %d with %s failed: %s", trial.number, point, message)
            self._store.finish(trial, TrialState.FAIL, message=message)
        else:
            state = TrialState.PRUNED if pruned else TrialState.COMPLETE
            self._store.finish(trial, state, value)
            log.info("trial %d: %s %.5f with %s", trial.number, self._plan.metric, value, point)

    def _train(self, trial: FrozenTrial, point: dict[str, Any]) -> tuple[list[CurveRow], bool]:
        """Train on every split; return the means over splits, and whether it was pruned."""
        plan = self._plan
        stopping = _StoppingRule(plan, self._store.study, self._pruner, trial)
        folds: list[list[CurveRow]] = []
        for split, measure in zip(plan.splits, self._measures, strict=True):
            model = plan.make_model(point, len(folds))
            folds.append([])

            def on_row(row: CurveRow, _: Model) -> bool:
                folds[-1].append(row)
                mean = mean_rows(folds, len(plan.splits))[-1:]
                value = mean[0].test[plan.metric] if mean else None
                stored = [[asdict(item) for item in fold] for fold in folds]
                with _not_an_error_of_the_trial():
                    self._store.record(trial, stored, row.epoch, value)
                    self._report(point, mean[0] if mean else row, self._share(len(folds), row))
                    return bool(mean) and stopping.should_stop(mean[0])

            train(model, split.train, plan.epochs, measure, on_row)
        return mean_rows(folds, len(plan.splits)), stopping.pruned

    def _share(self, fold: int, row: CurveRow) -> float:
        """Return the finished share of a trial, 0…1."""
        return (fold - 1 + min(row.epoch / self._plan.epochs[-1], 1)) / len(self._plan.splits)

    # --- progress ------------------------------------------------------------------

    def _report(
        self,
        settings: dict[str, Any],
        row: CurveRow | None = None,
        share: float = 0.0,
        ended: Trial | None = None,
    ) -> None:
        if self._on_progress is None:
            return
        elapsed = time.perf_counter() - self._start
        finished, total = len(self._result.trials), self._plan.total
        best = next(iter(self._result.ranked), None)
        left = self._left(elapsed, finished + share)
        self._on_progress(Progress(finished, total, best, settings, row, ended, elapsed, left))

    def _left(self, elapsed: float, finished: float) -> float | None:
        """Return the estimated seconds to the end at the current pace, at most to the timeout."""
        limits = [] if self._timeout is None else [max(0.0, self._timeout - elapsed)]
        advanced = finished - self._finished_before
        if self._plan.total is not None and advanced > 0:
            limits.append(elapsed / advanced * max(0.0, self._plan.total - finished))
        return min(limits, default=None)

    def _is_late(self) -> bool:
        return self._timeout is not None and time.perf_counter() - self._start >= self._timeout


class _CallbackError(Exception):
    """Wraps an error of the storage or of ``on_progress``, raised while a model is fitted."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextlib.contextmanager
def _not_an_error_of_the_trial() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _CallbackError(error) from error


class _StoppingRule:
    """Decides whether a trial ends early: by the pruner or by patience."""

    def __init__(
        self,
        plan: Plan,
        study: optuna.Study,
        pruner: optuna.pruners.BasePruner | None,
        trial: FrozenTrial,
    ) -> None:
        self.pruned = False
        self._study, self._pruner, self._metric = study, pruner, plan.metric
        self._patience = None if plan.patience is None else Patience(plan.metric, plan.patience)
        self._trial = copy.copy(trial)
        self._trial.intermediate_values = {}  # of this run of the trial, not of a killed one

    def should_stop(self, row: CurveRow) -> bool:
        """Record a row of means; return True to end the trial."""
        self._trial.intermediate_values[row.epoch] = row.test[self._metric]
        if self._pruner is not None and self._pruner.prune(self._study, self._trial):
            self.pruned = True
        return self.pruned or (self._patience is not None and self._patience.is_exhausted(row))


def _pruner(plan: Plan) -> optuna.pruners.BasePruner | None:
    """Return a median pruner (Golovin et al. 2017, "Google Vizier"), idle in the first quarter."""
    if not plan.prune:
        return None
    early = plan.epochs[len(plan.epochs) // 4]
    return optuna.pruners.MedianPruner(n_startup_trials=_PRUNE_AFTER, n_warmup_steps=early)


def mean_rows(folds: list[list[CurveRow]], n: int) -> list[CurveRow]:
    """Return means over n splits, for the epochs that were measured on all of them."""
    if len(folds) < n:
        return []
    return [_mean(rows) for rows in zip(*folds, strict=False)]


def _mean(rows: tuple[CurveRow, ...]) -> CurveRow:
    if len(rows) == 1:
        return rows[0]

    def mean(parts: list[dict[str, float]]) -> dict[str, float]:
        return {name: math.fsum(part[name] for part in parts) / len(parts) for name in parts[0]}

    seconds = math.fsum(row.seconds for row in rows) / len(rows)
    return CurveRow(
        rows[0].epoch,
        mean([row.train for row in rows]),
        mean([row.test for row in rows]),
        seconds,
    )


def trial_of(plan: Plan, stored: FrozenTrial) -> Trial:
    """Return a stored trial as a :class:`Trial`."""
    point = point_of(plan.space, stored.params)
    folds = [[CurveRow(**row) for row in fold] for fold in stored.user_attrs.get("folds", [])]
    curve = _curve(plan, point, mean_rows(folds, len(plan.splits)))
    message = str(stored.user_attrs.get("message", ""))
    try:
        best = curve.best()
    except DataError:
        best = CurveRow(0, {}, {plan.metric: math.nan}, 0.0)
    if message:  # measurements before a failure do not count
        best = CurveRow(0, {}, {plan.metric: math.nan}, best.seconds)
    return Trial(
        number=stored.number,
        settings=point,
        state=_STATES[stored.state],
        curve=curve,
        best_epoch=best.epoch,
        value=best.test[plan.metric],
        seconds=curve.rows[-1].seconds if curve.rows else 0.0,
        message=message,
    )


def _curve(plan: Plan, point: dict[str, Any], rows: list[CurveRow]) -> LearningCurve:
    return LearningCurve({**plan.space.fixed, **point}, plan.metrics, tuple(rows))
