"""The steps after the search: the choice is measured on the test part and fitted on everything.

The seconds that they take are estimated from those of the attempts, and what there is no time for
is left out: the defaults beside the choice first, then test users, then the test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from penchant.data.interactions import Interactions
from penchant.evaluation.evaluate import Evaluation, evaluate
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.final import from_dict, to_dict
from penchant.tuning.plan import split_digest
from penchant.tuning.selection import parts
from penchant.tuning.selection.parts import Part, measured_part
from penchant.tuning.selection.results import Attempt, described
from penchant.tuning.selection.trials import Runner

CHOSEN = "chosen model"
_MARGIN = 1.2
"""What estimates are multiplied by: fits take longer on more data and on a busier machine."""


@dataclass(frozen=True)
class Costs:
    """Seconds of a model.

    Attributes
    ----------
    fit
        Of a fit on the training part of the validation split.
    user
        Of the measurement of one user.
    """

    fit: float
    user: float


def costs_of(attempt: Attempt, part: Part) -> Costs:
    """Return the costs that were measured in an attempt on a part."""
    return Costs(attempt.fit_seconds, attempt.measure_seconds / n_measured(part.split))


def summed(costs: Sequence[Costs]) -> Costs:
    """Return the costs of several models together."""
    return Costs(sum(item.fit for item in costs), sum(item.user for item in costs))


def n_measured(split: Split) -> int:
    """Return the number of users in the test part, 1 or more."""
    return max(1, int(np.count_nonzero(split.test.csr.row_counts)))


@dataclass(eq=False)
class Finisher:
    """Measures the choice on the test part, and fits it on everything.

    Attributes
    ----------
    runner
        Has the clock and the journal.
    final, everything
        The split with the test part, and the interactions for the last fit.
    metric, exclude_seen, seed
        As for :func:`penchant.tune`.
    left_out
        What there was no time for, in words.
    """

    runner: Runner
    final: Split
    everything: Interactions
    metric: str
    exclude_seen: bool
    seed: int
    left_out: list[str] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.runner.clock.budget - self.runner.clock.spent

    def seconds(self, chosen: Costs, defaults: Costs, part: Part) -> float:
        """Estimate the seconds of all steps, with at most as many test users as are measured.

        Parameters
        ----------
        chosen, defaults
            The costs of the choice, and of the defaults of the best family.
        part
            The part of the data that they were measured on.
        """
        n_users = min(n_measured(self.final), parts.MEASURED_USERS)
        last = self._last_fit(chosen, part)
        return last + self._test(chosen, part, n_users) + self._test(defaults, part, n_users)

    def is_too_long(self, costs: Costs, part: Part) -> bool:
        """Whether the last fit alone would overrun the budget by more than a twentieth."""
        return self._last_fit(costs, part) > self.left + self.runner.clock.budget / 20

    def measure(
        self, chosen: tuple[Model, Costs], defaults: tuple[str, Model, Costs], part: Part
    ) -> tuple[Model | None, dict[str, Evaluation] | None]:
        """Measure the choice, and the defaults of the best family, on the test part, once.

        Returns the choice, fitted on the training part, if it was fitted, and the evaluations by
        label, None without time.
        """
        (model, costs), (label, usual, usual_costs) = chosen, defaults
        subject: list[Any] = ["final", described(model), label.partition(",")[0]]
        subject += [split_digest(self.final), self.exclude_seen]
        stored = self.runner.journal.get(subject)
        if stored is not None:
            return None, {name: from_dict(fields) for name, fields in stored.items()}
        last = self._last_fit(costs, part)
        split = self._affordable(costs, part, self.left - last)
        if split is None:
            return None, None
        fitted = model.with_settings().fit(self.final.train)
        evaluations = {CHOSEN: self._evaluated(fitted, split)}
        if described(model) == described(usual):
            evaluations[label] = evaluations[CHOSEN]
        elif self._test(usual_costs, part, n_measured(split)) + last <= self.left:
            evaluations[label] = self._evaluated(usual.with_settings().fit(split.train), split)
        else:
            self.left_out.append(f"the {label.replace(', ', ' ')} on the test part")
        if not self.left_out:
            self.runner.journal.put(subject, {name: to_dict(e) for name, e in evaluations.items()})
        return fitted, evaluations

    def fitted(self, model: Model, on_train: Model | None) -> Model:
        """Return the model fitted on everything.

        ``on_train`` is the model fitted on the training part, which may be everything.
        """
        if on_train is not None and self.everything is self.final.train:
            return on_train
        return model.with_settings().fit(self.everything)

    # --- estimates --------------------------------------------------------------------

    def _last_fit(self, costs: Costs, part: Part) -> float:
        return _MARGIN * costs.fit * _growth(self.everything, part)

    def _test(self, costs: Costs, part: Part, n_users: int) -> float:
        """Estimate the seconds of a fit on the training part and of the measurement of users.

        If the training part is everything, the last fit is the same one.
        """
        fit = costs.fit * _growth(self.final.train, part)
        return _MARGIN * (fit + n_users * costs.user)

    def _affordable(self, costs: Costs, part: Part, seconds: float) -> Split | None:
        """Return the test part, or some users of it, or None, so that it takes so many seconds."""
        n, most = n_measured(self.final), parts.MEASURED_USERS
        if self.everything is self.final.train:
            seconds += self._last_fit(costs, part)
        if self._test(costs, part, n) <= seconds:
            return self.final
        if n > most and self._test(costs, part, most) <= seconds:
            self.left_out.append(f"{n - most:,} of the {n:,} users of the test part")
            return measured_part(self.final, self.seed, most)
        self.left_out.append("the test part")
        return None

    def _evaluated(self, fitted: Model, split: Split) -> Evaluation:
        metrics = list(dict.fromkeys([self.metric, "recall@20"]))
        return evaluate(fitted, split, metrics=metrics, exclude_seen=self.exclude_seen)


def _growth(data: Interactions, part: Part) -> float:
    return data.nnz / max(part.split.train.nnz, 1)
