"""Doing the trials of a search, one after the other, until all are done or time is up."""

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
from penchant.tuning.trial_store import Ledger

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
    """How a search stands.

    Attributes
    ----------
    done, total
        Trials that ended, and how many there are to be (None: no number was given).
    best
        The best of them so far, or None.
    settings
        What the trial in hand tries.
    row
        What was measured last in it, or None.
    ended
        The trial that has just ended, or None while one is going on.
    elapsed
        Seconds since this process began to search.
    left
        Seconds that the rest will take if it goes on like this; None if nothing is known yet.
    """

    done: int
    total: int | None
    best: Trial | None
    settings: dict[str, Any]
    row: CurveRow | None
    ended: Trial | None
    elapsed: float
    left: float | None


OnProgress = Callable[[Progress], object]


class Worker:
    """One process's part in a search."""

    def __init__(
        self, plan: Plan, ledger: Ledger, timeout: float | None, on_progress: OnProgress | None
    ) -> None:
        self._plan, self._ledger, self._timeout = plan, ledger, timeout
        self._on_progress = on_progress
        self._space = distributions(plan.space)
        self._pruner, self._measures = _pruner(plan), plan.measures
        self._turned = [split.train.by_item() for split in plan.splits]  # held: trials share it
        self._began = time.perf_counter()
        self._trials: dict[int, Trial] = {}
        self._result = self.result()
        self._done_before = len(self._result.trials)

    def run(self) -> Stopped | None:
        """Do trials; why it stopped, if not because all are taken."""
        try:
            while not self._is_late():
                trial = self._ledger.claim(self._space, self._plan.total)
                if trial is None:
                    return None
                with self._ledger.released_unless_ended(trial):
                    self._attempt(trial)
        except KeyboardInterrupt:
            log.warning("stopped; what is finished is kept")
            return "interrupted"
        return "timeout"

    def result(self) -> TuningResult:
        """What the storage holds."""
        plan = self._plan
        ended = self._ledger.ended()
        for one in ended:
            if one.number not in self._trials:
                self._trials[one.number] = trial_of(plan, one)
        trials = tuple(self._trials[one.number] for one in ended)
        left = None if plan.total is None else max(0, plan.total - len(trials))
        about = plan.about() | {"unfinished": left}
        return TuningResult(
            plan.model, plan.metric, plan.better, trials, dict(plan.space.fixed), about
        )

    # --- a trial -------------------------------------------------------------------

    def _attempt(self, trial: FrozenTrial) -> None:
        point = point_of(self._plan.space, trial.params)
        self._tell(point)
        if not self._ledger.repeat(trial):
            self._try(trial, point)
        self._result = self.result()
        ended = next(one for one in self._result.trials if one.number == trial.number)
        self._tell(point, ended=ended)

    def _try(self, trial: FrozenTrial, point: dict[str, Any]) -> None:
        try:
            rows, pruned = self._train(trial, point)
            value = _curve(self._plan, point, rows).best().test[self._plan.metric]
        except _NoFaultOfTheSettings as carrier:
            raise carrier.error from None
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            log.warning("trial %d with %s failed: %s", trial.number, point, message)
            self._ledger.finish(trial, TrialState.FAIL, message=message)
        else:
            state = TrialState.PRUNED if pruned else TrialState.COMPLETE
            self._ledger.finish(trial, state, value)
            log.info("trial %d: %s %.5f with %s", trial.number, self._plan.metric, value, point)

    def _train(self, trial: FrozenTrial, point: dict[str, Any]) -> tuple[list[CurveRow], bool]:
        """Train on every split; the means over them, and whether it was given up."""
        plan = self._plan
        judge = _Judge(plan, self._ledger.study, self._pruner, trial)
        folds: list[list[CurveRow]] = []
        for split, measure in zip(plan.splits, self._measures, strict=True):
            model = plan.made(point, len(folds))
            folds.append([])

            def on_row(row: CurveRow, _: Model) -> bool:
                folds[-1].append(row)
                mean = mean_rows(folds, len(plan.splits))[-1:]
                value = mean[0].test[plan.metric] if mean else None
                kept = [[asdict(one) for one in fold] for fold in folds]
                with _no_fault_of_the_settings():
                    self._ledger.note(trial, kept, row.epoch, value)
                    self._tell(point, mean[0] if mean else row, self._share(len(folds), row))
                    return bool(mean) and judge.gives_up(mean[0])

            train(model, split.train, plan.epochs, measure, on_row)
        return mean_rows(folds, len(plan.splits)), judge.pruned

    def _share(self, fold: int, row: CurveRow) -> float:
        """How much of a trial is done."""
        return (fold - 1 + min(row.epoch / self._plan.epochs[-1], 1)) / len(self._plan.splits)

    # --- telling -------------------------------------------------------------------

    def _tell(
        self,
        settings: dict[str, Any],
        row: CurveRow | None = None,
        share: float = 0.0,
        ended: Trial | None = None,
    ) -> None:
        if self._on_progress is None:
            return
        elapsed = time.perf_counter() - self._began
        done, total = len(self._result.trials), self._plan.total
        best = next(iter(self._result.ranked), None)
        left = self._left(elapsed, done + share)
        self._on_progress(Progress(done, total, best, settings, row, ended, elapsed, left))

    def _left(self, elapsed: float, done: float) -> float | None:
        """Seconds to go: what is left at the pace so far, or till the time is up."""
        limits = [] if self._timeout is None else [max(0.0, self._timeout - elapsed)]
        advanced = done - self._done_before
        if self._plan.total is not None and advanced > 0:
            limits.append(elapsed / advanced * max(0.0, self._plan.total - done))
        return min(limits, default=None)

    def _is_late(self) -> bool:
        return self._timeout is not None and time.perf_counter() - self._began >= self._timeout


class _NoFaultOfTheSettings(Exception):  # noqa: N818
    """Carries what went wrong in keeping or telling out of a training."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextlib.contextmanager
def _no_fault_of_the_settings() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _NoFaultOfTheSettings(error) from error


class _Judge:
    """Whether a trial is worth going on with."""

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
        self._trial.intermediate_values = {}  # of this attempt, not of one that was killed

    def gives_up(self, row: CurveRow) -> bool:
        """Take note of a row of means; whether to end here."""
        self._trial.intermediate_values[row.epoch] = row.test[self._metric]
        if self._pruner is not None and self._pruner.prune(self._study, self._trial):
            self.pruned = True
        return self.pruned or (self._patience is not None and self._patience.enough(row))


def _pruner(plan: Plan) -> optuna.pruners.BasePruner | None:
    """Median stopping (Golovin et al. 2017, "Google Vizier"), not in the first quarter."""
    if not plan.prune:
        return None
    early = plan.epochs[len(plan.epochs) // 4]
    return optuna.pruners.MedianPruner(n_startup_trials=_PRUNE_AFTER, n_warmup_steps=early)


def mean_rows(folds: list[list[CurveRow]], n: int) -> list[CurveRow]:
    """Means over n splits, of the epochs that were measured on all of them."""
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


def trial_of(plan: Plan, kept: FrozenTrial) -> Trial:
    """A trial as the storage has it, for people."""
    point = point_of(plan.space, kept.params)
    folds = [[CurveRow(**row) for row in fold] for fold in kept.user_attrs.get("folds", [])]
    curve = _curve(plan, point, mean_rows(folds, len(plan.splits)))
    message = str(kept.user_attrs.get("message", ""))
    try:
        best = curve.best()
    except DataError:
        best = CurveRow(0, {}, {plan.metric: math.nan}, 0.0)
    if message:  # whatever it measured before it failed is no result
        best = CurveRow(0, {}, {plan.metric: math.nan}, best.seconds)
    return Trial(
        number=kept.number,
        settings=point,
        state=_STATES[kept.state],
        curve=curve,
        best_epoch=best.epoch,
        value=best.test[plan.metric],
        seconds=curve.rows[-1].seconds if curve.rows else 0.0,
        message=message,
    )


def _curve(plan: Plan, point: dict[str, Any], rows: list[CurveRow]) -> LearningCurve:
    return LearningCurve({**plan.space.fixed, **point}, plan.metrics, tuple(rows))
