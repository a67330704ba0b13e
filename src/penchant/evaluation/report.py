"""The result of an evaluation: the metrics of one model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.tabular import Columns, Tabular, texts
from penchant.rendering import cards
from penchant.rendering.plain import figure, ruled, table

Interval = tuple[float, float]


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Tabular, Mapping[str, float]):
    """Metrics of a model by name: ``evaluation["ndcg@10"]``.

    ``evaluation["ndcg"]`` is the value at the default k, or at the only k that was measured.

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
        lengths = [full for full in self.figures if full.partition("@")[0] == name]
        if len(lengths) == 1:
            return lengths[0]
        raise KeyError(f"{name!r} was not measured; these were: {', '.join(self.figures)}")

    def columns(self) -> Columns:
        """Return a row for each metric: metric, mean, and the bounds of the interval or NaN."""
        bounds = [self.interval(name) or (math.nan, math.nan) for name in self]
        return {
            "metric": texts(list(self)),
            "mean": np.array([self[name] for name in self], dtype=np.float64),
            "lower": np.array([lower for lower, _ in bounds], dtype=np.float64),
            "upper": np.array([upper for _, upper in bounds], dtype=np.float64),
        }

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

    def summary(self) -> str:
        """Return the metrics in one line: ``1,892 users: ndcg@10 0.2012, …``."""
        shown = ", ".join(f"{name} {figure(self[name])}" for name in self)
        return f"{self.n_users:,} users: {shown}"

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        head, *rows = self._cells()
        return "\n".join([*ruled(table(head, rows, right=(1, 2))), *self._footing()])

    def _repr_html_(self) -> str:
        head, *rows = self._cells()
        shown = cards.table(head, rows, numeric={1, 2})
        return str(cards.fragment(shown, *map(cards.remark, self._footing())))

    def _cells(self) -> list[list[str]]:
        """Return the heading and a row of texts for each metric."""
        level = f"{self.settings['level']:.0%} interval"
        bounds = {name: self.interval(name) for name in self}
        shown = {
            name: " … ".join(map(figure, pair)) if pair else "" for name, pair in bounds.items()
        }
        rows = [[name, figure(self[name]), shown[name]] for name in self]
        return [["metric", "mean", level if self.intervals else ""], *rows]

    def _footing(self) -> list[str]:
        note = self.settings.get("note")
        return [f"{self.conditions}; {self.seconds:.2f} s", *([note] if note else [])]

    @property
    def conditions(self) -> str:
        """A line that says on which users and among which items the model was measured."""
        left_out = f", {self.n_left_out:,} without relevant items" if self.n_left_out else ""
        part = self.settings["on"]
        masked = ", seen items excluded" if self.settings["exclude_seen"] else ""
        size = self.settings.get("candidates")
        among = f", among {size:,.0f} candidates" if size is not None else ""
        return f"{self.n_users:,} users{left_out}; on {part}{masked}{among}"


def _json_float(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bounds(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [_json_float(bound) for bound in interval]
