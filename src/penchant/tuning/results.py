"""Results of tuning: the learning curve of one fit, and the trials of a tuning run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError
from penchant.evaluation.evaluate import Evaluation
from penchant.evaluation.metrics import metric_of
from penchant.models.base import Model
from penchant.models.capabilities import TrainsInEpochs
from penchant.rendering import cards
from penchant.rendering.plain import more
from penchant.results.frames import Columns, Tabular, texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CurveRow", "LearningCurve", "Trial", "TuningResult"]

MAX_ROWS = 20
"""The number of epochs that a notebook shows."""

State = Literal["complete", "pruned", "failed"]


def better_of(metric: str) -> Literal["higher", "lower"]:
    """Return whether a higher or a lower value of a metric is better.

    Raises
    ------
    SettingsError
        If neither is better.
    """
    better = metric_of(metric).better
    if better is None:
        raise SettingsError(f"of {metric} neither a higher nor a lower value is better")
    return "higher" if better == "higher" else "lower"


@dataclass(frozen=True)
class CurveRow:
    """The metrics after an epoch.

    Attributes
    ----------
    epoch
        The epoch, from 1; 1 for models without epochs.
    train
        Metric → value on the training likes of the evaluated users.
    test
        Metric → value on the held-out likes of the same users.
    seconds
        Training time so far, without measuring.
    """

    epoch: int
    train: dict[str, float]
    test: dict[str, float]
    seconds: float


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class LearningCurve(Tabular):
    """Train and test metrics by epoch; prints as the table of the articles.

    Attributes
    ----------
    settings
        The settings of the model.
    metrics
        The full names of the metrics: ``("precision@5", "mse")``.
    rows
        One row for each measured epoch, in order.
    """

    settings: dict[str, Any]
    metrics: tuple[str, ...]
    rows: tuple[CurveRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def best(self, metric: str | None = None) -> CurveRow:
        """Return the row with the best test value; the earliest of ties.

        Parameters
        ----------
        metric
            One of ``metrics``; None: the first.

        Raises
        ------
        SettingsError
            If the metric was not measured, or neither a higher nor a lower value is better.
        DataError
            If no row has a value.
        """
        name = self.metrics[0] if metric is None else metric
        if name not in self.metrics:
            raise SettingsError(f"{name!r} was not measured; these were: {', '.join(self.metrics)}")
        sign = 1 if better_of(name) == "higher" else -1
        rows = [row for row in self.rows if not math.isnan(row.test[name])]
        if not rows:
            raise DataError(f"no epoch has a value of {name} on the test part")
        return max(rows, key=lambda row: sign * row.test[name])

    def columns(self) -> Columns:
        """Return ``epoch``, two columns per metric such as ``mse train``, and ``seconds``."""
        columns: dict[str, npt.NDArray[Any]] = {
            "epoch": np.array([row.epoch for row in self.rows], dtype=np.int64)
        }
        for metric in self.metrics:
            columns[f"{metric} train"] = _floats(row.train[metric] for row in self.rows)
            columns[f"{metric} test"] = _floats(row.test[metric] for row in self.rows)
        columns["seconds"] = _floats(row.seconds for row in self.rows)
        return columns

    def plot(self, **options: Any) -> Figure:
        """Plot the curve with :func:`penchant.plots.learning_curve`; needs matplotlib."""
        from penchant.plots import learning_curve

        return learning_curve(self, **options)

    def __str__(self) -> str:
        return "\n".join([heading(self.metrics), *(line(self.metrics, row) for row in self.rows)])

    def __repr__(self) -> str:
        shown = (line(self.metrics, row) for row in self.rows[:MAX_ROWS])
        rest = more(len(self.rows) - MAX_ROWS, "epoch")
        return "\n".join([heading(self.metrics), *shown, *([rest] if rest else [])])

    def _repr_html_(self) -> str:
        names = [f"{metric} {part}" for metric in self.metrics for part in ("train", "test")]
        rows = [
            [row.epoch, *(f"{value:.5f}" for value in figures(self.metrics, row))]
            for row in self.rows[:MAX_ROWS]
        ]
        shown = cards.table(["epoch", *names], rows, numeric=set(range(len(names) + 1)))
        rest = cards.remark(more(len(self.rows) - MAX_ROWS, "epoch"))
        return str(cards.fragment(shown, rest))


@dataclass(frozen=True, eq=False, repr=False)
class Trial:
    """One combination of settings that was tried.

    Attributes
    ----------
    number
        The number of the trial, from 0; on a grid, the place of the point.
    settings
        The varying settings by name; the fixed ones are in :attr:`TuningResult.fixed`.
    state
        ``"complete"``; ``"pruned"``: stopped early because it was worse than others at the same
        epoch; or ``"failed"``.
    curve
        The measurements, means over splits if there are several; may be empty if it failed.
    best_epoch
        The epoch with the best test value; 0 if there is none.
    value
        The value of that epoch; NaN if there is none.
    seconds
        Training time, the mean over splits.
    message
        The error message of a failed trial.
    """

    number: int
    settings: dict[str, Any]
    state: State
    curve: LearningCurve
    best_epoch: int
    value: float
    seconds: float
    message: str = ""

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        result = f"{self.value:.4f} at epoch {self.best_epoch}"
        if math.isnan(self.value):
            result = self.message or "no value"
        return f"<Trial {self.number}, {self.state}: {chosen}: {result}>"


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class TuningResult(Tabular):
    """The result of tuning; prints as a table of its best trials.

    Attributes
    ----------
    model
        The class of the models.
    metric
        The full name of the metric that trials are compared by: ``"ndcg@10"``.
    better
        Whether a higher or a lower value is better.
    trials
        All finished trials, by number.
    fixed
        The settings that all trials share.
    about
        The data and arguments of the tuning run, for reports: ``data``, ``fingerprints``,
        ``splits``, ``final`` (texts), ``sampler``, ``prune``, ``seed``, ``space``, ``total`` (the
        number of requested trials, or None) and ``unfinished`` (the number still to run, or None).
    final
        Metrics on the final split, which took no part in tuning: of the ``"best settings"``, and
        of the ``"defaults"`` of the model. None if there was no final split.
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
        """The trials that have a value, the best first; ties by number."""
        sign = -1 if self.better == "higher" else 1
        trials = [trial for trial in self.trials if not math.isnan(trial.value)]
        return sorted(trials, key=lambda trial: sign * trial.value)

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
            raise DataError(_no_value_message(self.trials))
        return ranked[0]

    @property
    def settings(self) -> dict[str, Any]:
        """The best settings, complete with fixed settings and ``iterations``."""
        best = self.best
        chosen = {**self.fixed, **best.settings}
        if issubclass(self.model, TrainsInEpochs):
            chosen["iterations"] = best.best_epoch
        return chosen

    def refit(self, interactions: Interactions) -> Model:
        """Return a model with the best settings, fitted on ``interactions``."""
        return self.model(**self.settings).fit(interactions)

    def columns(self) -> Columns:
        """Return ``number``, ``state``, the settings, ``epoch``, the metric and ``seconds``."""
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
        """Write a self-contained HTML report with tables and plots; needs matplotlib."""
        from penchant.report.tuning import write_tuning_report

        return write_tuning_report(self, path)

    def __str__(self) -> str:
        from penchant.tuning.tables import result_table

        return result_table(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from penchant.tuning.tables import result_html

        return result_html(self)


def heading(metrics: tuple[str, ...]) -> str:
    """Return the heading of the table of a learning curve."""
    names = [f"{short(metric)} {part}" for metric in metrics for part in ("train", "test")]
    return " | ".join(["epochs", *(name.rjust(12) for name in names)])


def line(metrics: tuple[str, ...], row: CurveRow) -> str:
    """Return a line of that table."""
    cells = (f"{value:.5f}".rjust(12) for value in figures(metrics, row))
    return " | ".join([str(row.epoch).rjust(6), *cells])


def figures(metrics: tuple[str, ...], row: CurveRow) -> list[float]:
    """Return the values of a row, for each metric that of the training part first."""
    return [part[metric] for metric in metrics for part in (row.train, row.test)]


def short(metric: str) -> str:
    """Return the short name of a metric in headings: ``p@5`` for precision, as in the articles."""
    return metric.replace("precision@", "p@")


def _floats(values: Any) -> npt.NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)


def _column(values: list[Any]) -> npt.NDArray[Any]:
    """Return a column of numbers if all values are numbers, else of texts."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    return texts([str(value) for value in values])


def _no_value_message(trials: tuple[Trial, ...]) -> str:
    if not trials:
        return "no trial is finished yet: continue tuning with the same storage"
    failed = next((trial for trial in trials if trial.state == "failed"), trials[0])
    return f"none of {len(trials):,} trials has a value; trial {failed.number}: {failed.message}"
