"""What was measured: one model's figures, and several side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.errors import DataError
from penchant.evaluation.metrics import METRICS

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Mapping[str, float]):
    """A model's figures by name; ``evaluation["ndcg@10"]``, or ``["ndcg"]`` at the default k.

    Attributes
    ----------
    figures
        Name → mean over users. Metrics of lists are named with their k: ``"ndcg@10"``.
    intervals
        Name → (lower, upper), for metrics that have one.
    k
        The default k.
    n_users
        Users measured.
    n_left_out
        Users that have nothing relevant to find.
    seconds
        How long measuring took.
    settings
        What ``evaluate`` was called with, and the split's kind.
    per_user
        Name → float64, shape (n_users,), if it was asked for; NaN where nothing can be said.
    users
        The outside ids of those users, beside ``per_user``.
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
        """The bootstrap interval of a mean; None for coverage, and where none was asked for.

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
        """All but the values of single users, as JSON can hold it (NaN becomes None)."""
        return {
            "metrics": {
                name: {"mean": _known(self[name]), "interval": _ends(self.interval(name))}
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
        level = f"{self.settings['confidence']:.0%} interval"
        rows = [["metric", "mean", level if self.intervals else ""]]
        for name in self:
            ends = self.interval(name)
            shown = " … ".join(map(_figure, ends)) if ends else ""
            rows.append([name, _figure(self[name]), shown])
        return "\n".join([*_table(rows), self._footing()])

    def _footing(self) -> str:
        left_out = f", {self.n_left_out:,} left out (nothing to find)" if self.n_left_out else ""
        what = self.settings["on"]
        masked = ", seen items left out of lists" if self.settings["exclude_seen"] else ""
        return f"{self.n_users:,} users{left_out}; on {what}{masked}; {self.seconds:.2f} s"


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
        """Every metric that any of them has, in the order of tables."""
        return list(dict.fromkeys(name for one in self.evaluations.values() for name in one))

    def value(self, metric: str, label: str) -> float:
        """One cell of the table; NaN where it was not measured."""
        return self.evaluations[label].figures.get(metric, math.nan)

    def best(self, metric: str) -> str | None:
        """The label with the best value; None if neither end is better, or nothing is known."""
        better = METRICS[metric.partition("@")[0]].better
        known = {
            label: value
            for label in self.evaluations
            if not math.isnan(value := self.value(metric, label))
        }
        if better is None or not known:
            return None
        return (max if better == "higher" else min)(known, key=lambda label: known[label])

    def to_dict(self) -> dict[str, Any]:
        """Label → its evaluation, as JSON can hold it."""
        return {label: one.to_dict() for label, one in self.evaluations.items()}

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
        footing = {one._footing().rpartition(";")[0] for one in self.evaluations.values()}
        return "\n".join([*_table(rows), *sorted(footing)])


def compare(evaluations: Mapping[str, Evaluation]) -> Comparison:
    """Evaluations of several models side by side: ``compare({"ALS": one, "popularity": two})``.

    Raises
    ------
    DataError
        If there are none, or they were not measured alike: on as many users, masked or not.
    """
    if not evaluations:
        raise DataError("nothing to compare: give a mapping of labels to evaluations")
    measured = {
        label: (one.n_users, one.settings["on"], one.settings["exclude_seen"])
        for label, one in evaluations.items()
    }
    if len(set(measured.values())) > 1:
        said = "; ".join(
            f"{label}: {users:,} users on {on}, exclude_seen={masked}"
            for label, (users, on, masked) in measured.items()
        )
        raise DataError(f"these were not measured alike, so they can't be compared: {said}")
    return Comparison(dict(evaluations))


def _table(rows: list[list[str]]) -> list[str]:
    """Lines with the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "─" * max(map(len, lines)), *lines[1:]]


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_known(end) for end in interval]
