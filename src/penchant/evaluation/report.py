"""Results of evaluation: the metrics of one model, and a comparison of several."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked, checked_methods
from penchant.errors import DataError
from penchant.evaluation.metrics import METRICS

Interval = tuple[float, float]


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Mapping[str, float]):
    """Metrics of a model by name: ``evaluation["ndcg@10"]``, or ``["ndcg"]`` at the default k.

    Attributes
    ----------
    figures
        Name → mean over users. List metrics are named with their k: ``"ndcg@10"``.
    intervals
        Name → (lower, upper), for metrics that have one.
    k
        The default k.
    n_users
        The number of evaluated users.
    n_left_out
        The number of users left out, who have no relevant items.
    seconds
        The time that the evaluation took.
    settings
        The arguments of ``evaluate``, and the kind of the split.
    per_user
        Name → float64, shape (n_users,), if requested; NaN where the metric is undefined.
    users
        The outside ids of these users, if ``per_user`` was requested.
    """

    figures: Mapping[str, float]
    intervals: Mapping[str, Interval]
    k: int
    n_users: int
    n_left_out: int
    seconds: float
    settings: Mapping[str, Any]
    per_user: Mapping[str, npt.NDArray[np.float64]] | None = None
    users: npt.NDArray[Any] | None = None

    def __getitem__(self, name: str) -> float:
        return self.figures[self._full(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)

    def interval(self, name: str) -> Interval | None:
        """Return the bootstrap interval of a mean; None for coverage, or if none was computed.

        Raises
        ------
        KeyError
            If the metric was not measured.
        """
        return self.intervals.get(self._full(name))

    def _full(self, name: str) -> str:
        for full in (name, f"{name}@{self.k}"):
            if full in self.figures:
                return full
        raise KeyError(f"{name!r} was not measured; these were: {', '.join(self.figures)}")

    def to_dict(self) -> dict[str, Any]:
        """Return all but the per-user values as JSON-compatible data (NaN becomes None)."""
        return {
            "metrics": {
                name: {"mean": _json_float(self[name]), "interval": _bounds(self.interval(name))}
                for name in self
            },
            "n_users": self.n_users,
            "n_left_out": self.n_left_out,
            "seconds": self.seconds,
            "settings": dict(self.settings),
        }

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {_figure(self[name])}" for name in self)
        return f"<Evaluation of {self.n_users:,} users: {shown}>"

    def __str__(self) -> str:
        level = f"{self.settings['level']:.0%} interval"
        rows = [["metric", "mean", level if self.intervals else ""]]
        for name in self:
            bounds = self.interval(name)
            shown = " … ".join(map(_figure, bounds)) if bounds else ""
            rows.append([name, _figure(self[name]), shown])
        return "\n".join([*_table(rows), self._footing()])

    def _footing(self) -> str:
        left_out = f", {self.n_left_out:,} without relevant items" if self.n_left_out else ""
        part = self.settings["on"]
        masked = ", seen items excluded" if self.settings["exclude_seen"] else ""
        return f"{self.n_users:,} users{left_out}; on {part}{masked}; {self.seconds:.2f} s"


@checked_methods
@dataclass(frozen=True, eq=False)
class Comparison:
    """Several evaluations side by side; prints as a table with the best of each row starred.

    Attributes
    ----------
    evaluations
        Label → evaluation, in the order of the columns.
    """

    evaluations: Mapping[str, Evaluation]

    @property
    def metrics(self) -> list[str]:
        """The metrics of all evaluations, in the order of tables."""
        return list(dict.fromkeys(name for item in self.evaluations.values() for name in item))

    def value(self, metric: str, label: str) -> float:
        """Return the value of a metric; NaN if it was not measured."""
        return self.evaluations[label].figures.get(metric, math.nan)

    def best(self, metric: str) -> str | None:
        """Return the label with the best value.

        None if neither a higher nor a lower value is better, or there is no value.
        """
        better = METRICS[metric.partition("@")[0]].better
        values = {
            label: value
            for label in self.evaluations
            if not math.isnan(value := self.value(metric, label))
        }
        if better is None or not values:
            return None
        return (max if better == "higher" else min)(values, key=lambda label: values[label])

    def to_dict(self) -> dict[str, Any]:
        """Return label → evaluation as JSON-compatible data."""
        return {label: item.to_dict() for label, item in self.evaluations.items()}

    def __str__(self) -> str:
        rows = [["metric", *self.evaluations]]
        for metric in self.metrics:
            best = self.best(metric)
            cells = [
                _figure(self.value(metric, label)) + (" *" if label == best else "  ")
                for label in self.evaluations
            ]
            rows.append([metric, *cells])
        rows[0][1:] = [f"{label}  " for label in rows[0][1:]]
        footing = {item._footing().rpartition(";")[0] for item in self.evaluations.values()}
        return "\n".join([*_table(rows), *sorted(footing)])


@checked
def compare(evaluations: Mapping[str, Evaluation]) -> Comparison:
    """Compare evaluations of several models: ``compare({"ALS": als, "popularity": popularity})``.

    Raises
    ------
    DataError
        If there are none, or they differ in the number of users, the part or ``exclude_seen``.
    """
    if not evaluations:
        raise DataError("nothing to compare: give a mapping of labels to evaluations")
    conditions = {
        label: (item.n_users, item.settings["on"], item.settings["exclude_seen"])
        for label, item in evaluations.items()
    }
    if len(set(conditions.values())) > 1:
        listed = "; ".join(
            f"{label}: {users:,} users on {on}, exclude_seen={masked}"
            for label, (users, on, masked) in conditions.items()
        )
        raise DataError(f"these were measured differently, so they can't be compared: {listed}")
    return Comparison(dict(evaluations))


def _table(rows: list[list[str]]) -> list[str]:
    """Return aligned lines, the first column flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _json_float(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bounds(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_json_float(bound) for bound in interval]
