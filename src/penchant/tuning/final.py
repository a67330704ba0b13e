"""Evaluation of the best settings on the final split, which takes no part in tuning."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from penchant.evaluation.evaluate import evaluate
from penchant.evaluation.report import Evaluation
from penchant.models.base import Model
from penchant.split import Split
from penchant.tuning.results import TuningResult
from penchant.tuning.space import plain

if TYPE_CHECKING:
    from penchant.tuning.plan import Plan
    from penchant.tuning.trial_store import TrialStore

BEST, DEFAULTS = "best settings", "defaults"


def evaluate_final(
    plan: Plan, result: TuningResult, store: TrialStore
) -> dict[str, Evaluation] | None:
    """Evaluate the best settings and the defaults on the final split; the result is stored.

    Settings that are the same in all trials are kept in both.

    None if there is no final split, or no trial has a value.
    """
    if plan.final is None or not result.ranked:
        return None
    from penchant.tuning.plan import split_digest

    subject = plain([result.settings, split_digest(plan.final)])
    stored = store.get_attribute("final")
    if stored is None or stored["subject"] != subject:
        # the caller chose what is the same in all trials: the defaults are those of the rest
        fixed = {name: result.settings[name] for name in plan.space.fixed}
        models = {BEST: plan.model(**result.settings), DEFAULTS: plan.model(**fixed)}
        evaluations = {
            label: to_dict(_evaluate(plan, plan.final, model)) for label, model in models.items()
        }
        stored = {"subject": subject, "evaluations": evaluations}
        store.set_attribute("final", stored)
    return {label: from_dict(fields) for label, fields in stored["evaluations"].items()}


def _evaluate(plan: Plan, final: Split, model: Model) -> Evaluation:
    fitted = model.fit(final.train)
    return evaluate(fitted, final, metrics=plan.metrics, exclude_seen=plan.exclude_seen)


def to_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON-compatible data, without the values of users."""
    return {
        field.name: getattr(evaluation, field.name)
        for field in dataclasses.fields(evaluation)
        if field.name not in ("per_user", "users")
    }


def from_dict(fields: dict[str, Any]) -> Evaluation:
    """Return the evaluation that :func:`to_dict` described."""
    intervals = {name: (low, high) for name, (low, high) in fields["intervals"].items()}
    return Evaluation(**{**fields, "intervals": intervals})
