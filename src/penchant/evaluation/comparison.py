"""Evaluations of several models side by side."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from penchant._boundary import checked_methods
from penchant.data.tabular import Columns, Tabular, texts
from penchant.errors import DataError
from penchant.evaluation.bootstrap import summarize
from penchant.evaluation.metrics import metric_of
from penchant.evaluation.report import Evaluation
from penchant.rendering import cards
from penchant.rendering.cards import NameCell
from penchant.rendering.markup import Markup
from penchant.rendering.plain import figure, ruled, size, table

__all__ = ["Comparison", "Cost", "Difference"]


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Attributes
    ----------
    fit_seconds
        The time that fitting took; None if the model was fitted before.
    n_bytes
        The size of the arrays that were learned; None if it has none of penchant's.
    """

    fit_seconds: float | None = None
    n_bytes: int | None = None


@dataclass(frozen=True)
class Difference:
    """The mean difference of a metric between two models for the same users.

    Attributes
    ----------
    mean
        The mean over users of the model's value minus that of the other model.
    interval
        Its bootstrap interval (lower, upper), from paired resamples of users: if it does not
        contain 0, the models differ by more than chance.
    """

    mean: float
    interval: tuple[float, float]


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Tabular):
    """Evaluations of several models on the same users; prints as a table, the best model first.

    Attributes
    ----------
    evaluations
        Label → evaluation.
    costs
        Label → the cost of the model; empty if it is unknown.

    Raises
    ------
    DataError
        If there are no evaluations, or they differ in the number of users, the part, the
        candidates or ``exclude_seen``.
    """

    evaluations: Mapping[str, Evaluation]
    costs: Mapping[str, Cost] = field(default_factory=dict)

    def __post_init__(self) -> None:
        evaluations = cast("object", self.evaluations)
        if not isinstance(evaluations, Mapping) or not all(
            isinstance(item, Evaluation) for item in evaluations.values()
        ):
            raise DataError("a comparison is of a mapping of labels to penchant.Evaluation")
        if not self.evaluations:
            raise DataError("nothing to compare: give a mapping of labels to evaluations")
        conditions = {label: _conditions(item) for label, item in self.evaluations.items()}
        if len(set(conditions.values())) > 1:
            listed = "; ".join(f"{label}: {text}" for label, text in conditions.items())
            raise DataError(f"these were measured differently, so they can't be compared: {listed}")

    @property
    def metrics(self) -> list[str]:
        """The metrics of all evaluations, in the order of tables; the first ranks the models."""
        return list(dict.fromkeys(name for item in self.evaluations.values() for name in item))

    @property
    def ranking(self) -> list[str]:
        """The labels, the best of the first metric first."""
        better = metric_of(self.metrics[0]).better
        if better is None:
            return list(self.evaluations)
        sign = -1 if better == "higher" else 1
        values = {label: sign * self.value(self.metrics[0], label) for label in self.evaluations}
        return sorted(values, key=lambda label: (math.isnan(values[label]), values[label]))

    def value(self, metric: str, label: str) -> float:
        """Return the value of a metric; NaN if it was not measured."""
        return self.evaluations[label].figures.get(metric, math.nan)

    def best(self, metric: str) -> str | None:
        """Return the label with the best value.

        None if neither a higher nor a lower value is better, or there is no value.
        """
        better = metric_of(metric).better
        values = {
            label: value
            for label in self.evaluations
            if not math.isnan(value := self.value(metric, label))
        }
        if better is None or not values:
            return None
        return (max if better == "higher" else min)(values, key=lambda label: values[label])

    def difference(self, metric: str, label: str, other: str | None = None) -> Difference | None:
        """Return the paired difference between a model and another one.

        Parameters
        ----------
        metric
            The full name, such as ``"ndcg@10"``.
        label
            The model.
        other
            The label of the other model; None: the best one by the metric.

        Returns
        -------
        Difference or None
            None if the evaluations hold no values per user, or the metric has none or is weighted.
        """
        other = self.best(metric) if other is None else other
        if other is None:
            return None
        left, right = self.evaluations[label], self.evaluations[other]
        values = [(item.per_user or {}).get(metric) for item in (left, right)]
        weighted = metric_of(metric).weight is not None
        if values[0] is None or values[1] is None or weighted:
            return None
        means, intervals = summarize(
            {metric: values[0] - values[1]},
            {metric: None},
            resamples=left.settings["bootstrap"] or 1000,
            level=left.settings["level"],
            seed=left.settings["seed"],
        )
        return Difference(means[metric], intervals[metric])

    def columns(self) -> Columns:
        """Return a row for each metric of each model: model, metric, mean, lower and upper."""
        parts = {label: self.evaluations[label].columns() for label in self.ranking}
        labels = [label for label, part in parts.items() for _ in part["metric"]]
        names = next(iter(parts.values()))
        joined = {name: np.concatenate([part[name] for part in parts.values()]) for name in names}
        return {"model": texts(labels), **joined}

    def to_dict(self) -> dict[str, Any]:
        """Return label → evaluation, with the cost where it is known, as JSON-compatible data."""
        return {
            label: item.to_dict()
            | (dataclasses.asdict(self.costs[label]) if label in self.costs else {})
            for label, item in self.evaluations.items()
        }

    # --- tables -----------------------------------------------------------------------------

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        head, *rows = self._cells()
        text = table(head, rows, right=range(1, len(head)), limit=60)
        return "\n".join([*ruled(text), *self._footing()])

    def _repr_html_(self) -> str:
        return str(cards.fragment(self.html()))

    def html(self) -> Markup:
        """Return the table as HTML, without the styles that ``penchant.rendering.cards`` has."""
        head, *rows = self._cells()
        body = [[NameCell(label), *cells] for label, *cells in rows]
        shown = cards.table(head, body, numeric=set(range(1, len(head))))
        return Markup().join([shown, *map(cards.remark, self._footing())])

    def _cells(self) -> list[list[str]]:
        """Return the heading and a row of texts for each model."""
        leading = self.metrics[0]
        differences = self._differences()
        columns = [("model", {label: label for label in self.ranking})]
        for metric in self.metrics:
            columns.append((metric, {label: self._mean(metric, label) for label in self.ranking}))
            if metric == leading and differences:
                columns.append(("to the best", differences))
        if self.costs:
            costs = {label: self.costs.get(label, Cost()) for label in self.ranking}
            columns += [
                ("fit", {label: _seconds(cost.fit_seconds) for label, cost in costs.items()}),
                ("size", {label: _size(cost.n_bytes) for label, cost in costs.items()}),
            ]
        rows = [[cells[label] for _, cells in columns] for label in self.ranking]
        return [[name for name, _ in columns], *rows]

    def _mean(self, metric: str, label: str) -> str:
        value = self.value(metric, label)
        bounds = self.evaluations[label].intervals.get(metric)
        return figure(value) + _margin(bounds)

    def _differences(self) -> dict[str, str]:
        """Return the difference to the best model of each one; empty if there are none."""
        metric = self.metrics[0]
        best = self.best(metric)
        texts = {}
        for label in self.ranking:
            difference = self.difference(metric, label)
            if difference is None:
                return {}
            text = f"{difference.mean:+.4f}{_margin(difference.interval)}"
            texts[label] = "best" if label == best else text
        return texts if len(texts) > 1 else {}

    def _footing(self) -> list[str]:
        first = next(iter(self.evaluations.values()))
        lines = [first.conditions]
        if first.intervals:
            lines[0] += f"; ± is half of the {first.settings['level']:.0%} interval"
        note = first.settings.get("note")
        return [*lines, *([note] if note else [])]


def _conditions(evaluation: Evaluation) -> str:
    settings = evaluation.settings
    candidates = settings.get("candidates")
    among = "" if candidates is None else f", {candidates:,.0f} candidates"
    return (
        f"{evaluation.n_users:,} users on {settings['on']}, "
        f"exclude_seen={settings['exclude_seen']}{among}"
    )


def _margin(bounds: tuple[float, float] | None) -> str:
    if bounds is None or math.isnan(bounds[0]):
        return ""
    return f" ±{(bounds[1] - bounds[0]) / 2:.4f}"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f} s"


def _size(n_bytes: int | None) -> str:
    return "–" if n_bytes is None else size(n_bytes)
