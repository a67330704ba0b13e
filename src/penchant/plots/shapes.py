"""Protocols of what can be plotted (learning curves and tuning results), and ranking of trials.

They are protocols so that published results, or those of other tools, can be plotted as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable


@runtime_checkable
class CurveRowLike(Protocol):
    """One measured epoch of a learning curve."""

    @property
    def epoch(self) -> int:
        """The epoch, counted from 1."""

    @property
    def train(self) -> Mapping[str, float]:
        """Metric → value on the training part; metrics may be missing."""

    @property
    def test(self) -> Mapping[str, float]:
        """Metric → value on the test part."""

    @property
    def seconds(self) -> float:
        """Training time so far; NaN if unknown."""


@runtime_checkable
class CurveLike(Protocol):
    """Metrics by epoch of one fit."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The model's settings."""

    @property
    def metrics(self) -> Sequence[str]:
        """The names of the metrics, the one that selects the best epoch first."""

    @property
    def rows(self) -> Sequence[CurveRowLike]:
        """The measured epochs, in order."""

    def best(self, metric: str | None = None) -> CurveRowLike:
        """Return the epoch with the best test value; raise a PenchantError if there is none."""


@runtime_checkable
class TrialLike(Protocol):
    """One combination of settings that was tried."""

    @property
    def number(self) -> int:
        """The number of the trial."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that were tried."""

    @property
    def state(self) -> str:
        """``"complete"``, ``"pruned"`` or ``"failed"``."""

    @property
    def curve(self) -> CurveLike:
        """The measurements; empty if there are none."""

    @property
    def best_epoch(self) -> int:
        """The epoch of the value; 0 if there is none."""

    @property
    def value(self) -> float:
        """The test value of the best epoch on the tuning split; NaN if there is none."""

    @property
    def seconds(self) -> float:
        """The training time; NaN if unknown."""


@runtime_checkable
class TuningResultLike(Protocol):
    """Trials of different settings, compared by one metric."""

    @property
    def metric(self) -> str:
        """The metric of the comparison, such as ``"ndcg@10"``."""

    @property
    def better(self) -> str:
        """``"higher"`` or ``"lower"``."""

    @property
    def trials(self) -> Sequence[TrialLike]:
        """All trials, including failed ones."""


Part = Literal["test", "train"]
"""The part of the split: held-out likes, or training likes."""


def ranked_trials(result: TuningResultLike) -> list[TrialLike]:
    """Return the trials that have a value, the best first; ties by number.

    Pruned trials are included: the values that they reached are valid.
    """
    trials = [trial for trial in result.trials if math.isfinite(trial.value)]
    sign = -1.0 if result.better == "higher" else 1.0
    return sorted(trials, key=lambda trial: (sign * trial.value, trial.number))


def varying_settings(trials: Sequence[TrialLike]) -> list[str]:
    """Return the settings whose values differ between trials, in order of appearance."""
    names = dict.fromkeys(name for trial in trials for name in trial.settings)
    return [name for name in names if len(distinct(trials, name)) > 1]


def distinct(trials: Sequence[TrialLike], name: str) -> list[Any]:
    """Return the different values of a setting: numbers sorted, others in order of appearance.

    A trial without the setting counts as one with the value None.
    """
    values: list[Any] = []
    for trial in trials:  # not a set: a setting may be a list
        if (value := trial.settings.get(name)) not in values:
            values.append(value)
    return sorted(values) if all(map(is_number, values)) else values


def is_number(value: object) -> bool:
    """Whether a value is a number (booleans are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)
