"""What can be drawn: the shapes of a learning curve and of a search, and which trials count.

They are protocols, so that a search of another tool, or a published one, is drawn in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol


class Row(Protocol):
    """One epoch of a curve."""

    @property
    def epoch(self) -> int:
        """The epoch, counted from 1."""

    @property
    def train(self) -> Mapping[str, float]:
        """Metric → value on the training part; may lack metrics."""

    @property
    def test(self) -> Mapping[str, float]:
        """Metric → value on the test part."""

    @property
    def seconds(self) -> float:
        """Spent on training so far; NaN where it is not known."""


class Curve(Protocol):
    """Metrics by epoch, of one training."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The model's settings."""

    @property
    def metrics(self) -> Sequence[str]:
        """The names of the metrics, the one to choose by first."""

    @property
    def rows(self) -> Sequence[Row]:
        """The measured epochs, in their order."""

    def best(self, metric: str | None = None) -> Row:
        """The epoch with the best test figure; a PenchantError where there is none."""


class Trial(Protocol):
    """One training of a search."""

    @property
    def number(self) -> int:
        """Which it was."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings it tried."""

    @property
    def state(self) -> str:
        """``"complete"``, ``"pruned"`` or ``"failed"``."""

    @property
    def curve(self) -> Curve:
        """What was measured of it; empty if nothing was."""

    @property
    def best_epoch(self) -> int:
        """The epoch of its value; 0 if there is none."""

    @property
    def value(self) -> float:
        """Its figure, that of its best epoch on the split searched on; NaN if there is none."""

    @property
    def seconds(self) -> float:
        """How long it trained; NaN where it is not known."""


class Search(Protocol):
    """Trials of different settings, compared by one metric."""

    @property
    def metric(self) -> str:
        """What they are compared by, such as ``"ndcg@10"``."""

    @property
    def better(self) -> str:
        """``"higher"`` or ``"lower"``."""

    @property
    def trials(self) -> Sequence[Trial]:
        """All of them, the failed ones too."""


Part = Literal["test", "train"]
"""What a figure is of: the likes held out, or those that were learned from."""


def ranked(search: Search) -> list[Trial]:
    """The trials that have a figure, the best first; equal ones in their order.

    Those that were pruned are among them: the figures they had reached are real.
    """
    trials = [one for one in search.trials if math.isfinite(one.value)]
    sign = -1.0 if search.better == "higher" else 1.0
    return sorted(trials, key=lambda one: (sign * one.value, one.number))


def varied(trials: Sequence[Trial]) -> list[str]:
    """The settings of which some trials differ, in the order of their first appearance."""
    names = dict.fromkeys(name for one in trials for name in one.settings)
    return [name for name in names if len(distinct(trials, name)) > 1]


def distinct(trials: Sequence[Trial], name: str) -> list[Any]:
    """The values of one setting: numbers in their order, others as they come.

    A trial that lacks the setting counts as one whose value is None.
    """
    values: list[Any] = []
    for one in trials:  # not a set: a setting may be a list
        if (value := one.settings.get(name)) not in values:
            values.append(value)
    return sorted(values) if all(map(is_number, values)) else values


def is_number(value: object) -> bool:
    """Whether a setting is a number; True is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
