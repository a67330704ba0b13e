"""What tuning finds: the learning curve of one training, and the trials of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError
from penchant.evaluation.evaluate import Evaluation
from penchant.evaluation.metrics import METRICS
from penchant.models.base import Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.rendering.frames import Columns, Tabular, texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

State = Literal["complete", "pruned", "failed"]


def better_of(metric: str) -> Literal["higher", "lower"]:
    """Which end of a metric is the good one.

    Raises
    ------
    SettingsError
        If neither is.
    """
    better = METRICS[metric.partition("@")[0]].better
    if better is None:
        raise SettingsError(f"of {metric} neither a higher nor a lower value is better")
    return "higher" if better == "higher" else "lower"


@dataclass(frozen=True)
class CurveRow:
    """What was measured after an epoch.

    Attributes
    ----------
    epoch
        1 for the first; 1 as well for models without epochs.
    train
        Metric → how well the training likes of the users that are measured are found.
    test
        Metric → how well what was held out of the same users is found.
    seconds
        Spent on training so far, measuring left out.
    """

    epoch: int
    train: dict[str, float]
    test: dict[str, float]
    seconds: float


@dataclass(frozen=True, eq=False)
class LearningCurve(Tabular):
    """Train and test figures as a model learns; prints as the table of the articles.

    Attributes
    ----------
    settings
        The model's.
    metrics
        The full names of what was measured: ``("precision@5", "mse")``.
    rows
        One for each epoch that was measured, in order.
    """

    settings: dict[str, Any]
    metrics: tuple[str, ...]
    rows: tuple[CurveRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def best(self, metric: str | None = None) -> CurveRow:
        """The row with the best test figure, the earliest of equals.

        Parameters
        ----------
        metric
            One of ``metrics``; None: the first.

        Raises
        ------
        SettingsError
            If the metric was not measured, or neither end of it is better.
        DataError
            If nothing was measured.
        """
        name = self.metrics[0] if metric is None else metric
        if name not in self.metrics:
            raise SettingsError(f"{name!r} was not measured; these were: {', '.join(self.metrics)}")
        sign = 1 if better_of(name) == "higher" else -1
        known = [row for row in self.rows if not math.isnan(row.test[name])]
        if not known:
            raise DataError(f"no epoch has a known {name} on the test part")
        return max(known, key=lambda row: sign * row.test[name])

    def columns(self) -> Columns:
        """``epoch``, two columns for each metric such as ``mse train``, and ``seconds``."""
        columns: dict[str, npt.NDArray[Any]] = {
            "epoch": np.array([row.epoch for row in self.rows], dtype=np.int64)
        }
        for metric in self.metrics:
            columns[f"{metric} train"] = _floats(row.train[metric] for row in self.rows)
            columns[f"{metric} test"] = _floats(row.test[metric] for row in self.rows)
        columns["seconds"] = _floats(row.seconds for row in self.rows)
        return columns

    def plot(self, **how: Any) -> Figure:
        """Draw it; see :func:`penchant.plots.learning_curve`. Needs matplotlib."""
        from penchant.plots import learning_curve

        return learning_curve(self, **how)

    def __str__(self) -> str:
        return "\n".join([heading(self.metrics), *(line(self.metrics, row) for row in self.rows)])


@dataclass(frozen=True, eq=False)
class Trial:
    """One combination of settings that was tried.

    Attributes
    ----------
    number
        0 for the first; on a grid, the place of the point.
    settings
        What was tried, by name; what all trials share is in :attr:`TuningResult.fixed`.
    state
        ``"complete"``; ``"pruned"``, stopped early because it was worse than others at the same
        epoch; or ``"failed"``.
    curve
        What was measured, the means over splits if there are several; empty for some that failed.
    best_epoch
        The epoch with the best test figure; 0 if there is none.
    value
        The figure of that epoch; NaN if there is none.
    seconds
        Training time, the mean over splits.
    message
        Why it failed.
    """

    number: int
    settings: dict[str, Any]
    state: State
    curve: LearningCurve
    best_epoch: int
    value: float
    seconds: float
    message: str = ""


@dataclass(frozen=True, eq=False)
class TuningResult(Tabular):
    """What a search found; prints as a table of its best trials.

    Attributes
    ----------
    model
        The class of the models.
    metric
        What was compared: its full name, ``"ndcg@10"``.
    better
        Which end of it is the good one.
    trials
        All that are finished, by number.
    fixed
        The settings that all trials share.
    about
        What was searched on, for people and reports: ``data``, ``fingerprints``, ``splits``,
        ``final`` (texts), ``sampler``, ``prune``, ``seed``, ``space``, ``total`` (how many trials
        there are to be, or None) and ``unfinished`` (how many of them are not done yet, or None).
    final
        Figures on the final test split, which the search never saw: ``"best settings"``, and
        ``"defaults"`` for the model as it comes. None if there was no such split.
    """

    model: type[Model]
    metric: str
    better: Literal["higher", "lower"]
    trials: tuple[Trial, ...]
    fixed: dict[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    final: Mapping[str, Evaluation] | None = None

    @property
    def ranked(self) -> list[Trial]:
        """The trials that have a value, the best first, of equals the first tried first."""
        sign = -1 if self.better == "higher" else 1
        known = [trial for trial in self.trials if not math.isnan(trial.value)]
        return sorted(known, key=lambda trial: sign * trial.value)

    @property
    def best(self) -> Trial:
        """The best trial.

        Raises
        ------
        DataError
            If no trial has a value.
        """
        ranked = self.ranked
        if not ranked:
            raise DataError(_nothing_found(self.trials))
        return ranked[0]

    @property
    def settings(self) -> dict[str, Any]:
        """The best settings, all that are needed to make the model, ``iterations`` included."""
        best = self.best
        chosen = {**self.fixed, **best.settings}
        if issubclass(self.model, TrainsInEpochs):
            chosen["iterations"] = best.best_epoch
        return chosen

    def refit(self, interactions: Interactions) -> Model:
        """A model with the best settings, fitted on these interactions: all there are."""
        return self.model(**self.settings).fit(interactions)

    def columns(self) -> Columns:
        """``number``, ``state``, the settings, ``epoch``, the metric and ``seconds``."""
        trials = self.trials
        columns: dict[str, npt.NDArray[Any]] = {
            "number": np.array([trial.number for trial in trials], dtype=np.int64),
            "state": texts([trial.state for trial in trials]),
        }
        for name in dict.fromkeys(name for trial in trials for name in trial.settings):
            columns[name] = _column([trial.settings.get(name) for trial in trials])
        columns["epoch"] = np.array([trial.best_epoch for trial in trials], dtype=np.int64)
        columns[self.metric] = _floats(trial.value for trial in trials)
        columns["seconds"] = _floats(trial.seconds for trial in trials)
        return columns

    def report(self, path: str | Path) -> Path:
        """Write a page of tables and pictures, all in one file; needs matplotlib."""
        from penchant.report.tuning import write_tuning_report

        return write_tuning_report(self, path)

    def __str__(self) -> str:
        from penchant.tuning.tables import search_table

        return search_table(self)


def heading(metrics: tuple[str, ...]) -> str:
    """The heading of a learning curve's table."""
    names = [f"{short(metric)} {part}" for metric in metrics for part in ("train", "test")]
    return " | ".join(["epochs", *(name.rjust(12) for name in names)])


def line(metrics: tuple[str, ...], row: CurveRow) -> str:
    """A line of that table."""
    figures = [part[metric] for metric in metrics for part in (row.train, row.test)]
    cells = (f"{value:.5f}".rjust(12) for value in figures)
    return " | ".join([str(row.epoch).rjust(6), *cells])


def short(metric: str) -> str:
    """A metric as tables head it: the articles' ``p@5`` for precision."""
    return metric.replace("precision@", "p@")


def _floats(values: Any) -> npt.NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)


def _column(values: list[Any]) -> npt.NDArray[Any]:
    """Settings as numbers where all are, else as texts."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    return texts([str(value) for value in values])


def _nothing_found(trials: tuple[Trial, ...]) -> str:
    if not trials:
        return "no trial is finished yet: search on with the same storage"
    failed = next((trial for trial in trials if trial.state == "failed"), trials[0])
    return f"none of {len(trials):,} trials has a value; trial {failed.number}: {failed.message}"
