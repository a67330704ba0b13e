"""The result of a selection of models: what was tried, what was chosen, and how good it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from penchant._boundary import checked_methods
from penchant.evaluation.comparison import Comparison
from penchant.evaluation.evaluate import Evaluation
from penchant.models.base import Model
from penchant.models.blend.model import Blend
from penchant.rendering import cards
from penchant.rendering.plain import figure, ruled, size, table
from penchant.results.frames import Columns, Tabular, texts

__all__ = ["Attempt", "FamilyResult", "ModelSelection", "SelectionProgress"]

_LONGEST_NOTE = 1_000  # columns of a terminal; notes are messages of errors


@dataclass(frozen=True)
class Attempt:
    """Settings of a family that were fitted and measured on the validation part.

    Attributes
    ----------
    kind, settings
        The family, and the settings that differ from its defaults; of a blend, its parts and
        weights.
    size
        The number of interactions that it was fitted on.
    value
        The metric on the validation part; NaN if it failed.
    score
        The value, negated if lower values are better.
    seconds
        Seconds to fit and measure it.
    n_bytes
        The size of what was fitted.
    message
        The error of an attempt that failed.
    fit_seconds, measure_seconds
        Seconds of one fit, and of measuring it once; 0 if unknown.
    """

    kind: str
    settings: dict[str, Any]
    size: int
    value: float
    score: float
    seconds: float
    n_bytes: int
    message: str = ""
    fit_seconds: float = 0.0
    measure_seconds: float = 0.0

    @property
    def has_value(self) -> bool:
        """Whether it was measured."""
        return not math.isnan(self.value)


@dataclass(frozen=True)
class FamilyResult:
    """A row of the table of families.

    Attributes
    ----------
    kind
        The family.
    value
        The best value on the whole validation part; NaN if the family was dropped before.
    defaults
        The value of the family's defaults there; NaN if they were not measured.
    settings
        The best settings, those that differ from the defaults.
    tried
        The number of attempts.
    seconds
        Seconds to fit and measure the best settings.
    n_bytes
        The size of the model with the best settings.
    note
        Why it was dropped or left out; empty for a family that took part until the end.
    """

    kind: str
    value: float
    defaults: float
    settings: dict[str, Any]
    tried: int
    seconds: float
    n_bytes: int
    note: str


@dataclass(frozen=True)
class SelectionProgress:
    """The progress of a selection.

    Attributes
    ----------
    kind
        The family that was tried last.
    tried
        The number of attempts so far.
    best
        The best family and its value on the validation part so far, or None.
    seconds, budget
        Seconds so far, and those allowed.
    """

    kind: str
    tried: int
    best: tuple[str, float] | None
    seconds: float
    budget: float

    def __str__(self) -> str:
        best = "" if self.best is None else f", best: {self.best[0]} {figure(self.best[1])}"
        return (
            f"{self.seconds:.0f} s of {self.budget:.0f} s: {self.tried} settings tried, last of "
            f"{self.kind}{best}"
        )


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class ModelSelection(Tabular):
    """The result of ``penchant.tune(data, models="auto")``; prints as a table of families.

    Attributes
    ----------
    best
        The chosen model, fitted on all interactions; where a split was given, on its training
        part.
    metric
        The full name of the metric that models were compared by.
    families
        The families, the best first.
    chosen
        The name of the chosen family, or ``"blend"``.
    value
        The value of the chosen model on the validation part. It is the best of many, and so
        overestimates the quality; report :attr:`final`.
    final
        Metrics on the test part, which took no part in the selection: of the ``"chosen model"``,
        and of the defaults of the best family. What there was no time for is missing, see
        ``about["left_out"]``; None if it is both.
    attempts
        All attempts, in order.
    seconds
        Seconds of the whole selection, those before an interruption included.
    about
        The data, the splits and the arguments, for reports.
    """

    best: Model
    metric: str
    families: tuple[FamilyResult, ...]
    chosen: str
    value: float
    final: Mapping[str, Evaluation] | None
    attempts: tuple[Attempt, ...]
    seconds: float
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """The number of different settings that were tried."""
        return len({(item.kind, str(sorted(item.settings.items()))) for item in self.attempts})

    def columns(self) -> Columns:
        """Return a row for each family: its values, seconds, n_bytes and the note."""
        rows = self.families
        return {
            "family": texts([row.kind for row in rows]),
            self.metric: np.array([row.value for row in rows]),
            "defaults": np.array([row.defaults for row in rows]),
            "tried": np.array([row.tried for row in rows], dtype=np.int64),
            "seconds": np.array([row.seconds for row in rows]),
            "n_bytes": np.array([row.n_bytes for row in rows], dtype=np.int64),
            "note": texts([row.note for row in rows]),
        }

    def __str__(self) -> str:
        return "\n".join([*self.table(), "", self.summary(), *self._test_lines()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head, *rows = self.rows()
        parts = [
            cards.table(head, rows, numeric=set(range(1, 6))),
            cards.remark(self.summary()),
        ]
        if self.final is not None:
            parts += [cards.heading(self._test_title), Comparison(dict(self.final)).html()]
        return str(cards.fragment(*parts))

    def table(self) -> list[str]:
        """Return the lines of the table of families."""
        head, *rows = self.rows()
        return ruled(table(head, rows, right=range(1, 6), limit=_LONGEST_NOTE))

    def rows(self) -> list[list[str]]:
        """Return the heading and the cells of the table of families."""
        head = ["family", self.metric, "defaults", "tried", "seconds", "size", "note"]
        return [head, *map(_cells, self.families)]

    def summary(self) -> str:
        """Return a sentence with the choice, the number of settings tried and what was left out."""
        left_out = self.about.get("left_out")
        return (
            f"chosen: {self.about.get('model', self.chosen)}; {self.metric} {self.value:.4f} "
            f"on the validation part, the best of {self.tried} settings tried in "
            f"{self.seconds:.0f} s{'; no time was left for ' if left_out else ''}"
            f"{', '.join(left_out or ())}"
        )

    def _test_lines(self) -> list[str]:
        if self.final is None:
            return []
        return ["", f"{self._test_title}:", str(Comparison(dict(self.final)))]

    @property
    def _test_title(self) -> str:
        return f"on the test part, which took no part in it ({self.about['final']})"


def _cells(row: FamilyResult) -> list[str]:
    return [
        row.kind,
        figure(row.value),
        figure(row.defaults),
        str(row.tried),
        f"{row.seconds:.2f}" if row.tried else "–",
        size(row.n_bytes) if row.n_bytes else "–",
        row.note,
    ]


def described(model: Model) -> str:
    """Return a model as the expression that makes it, with the settings that were changed."""
    if isinstance(model, Blend):
        parts = ", ".join(f"{name!r}: {described(part)}" for name, part in model.parts.items())
        weights, fusion = model.settings["weights"], model.settings["fusion"]
        return f"Blend({{{parts}}}, weights={weights}, fusion={fusion!r})"
    changed = [
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}"
        for name, value in model.changed_settings.items()
    ]
    return f"{type(model).__name__}({', '.join(changed)})"
