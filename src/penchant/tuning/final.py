"""The last word: figures on likes that the search never saw."""

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
    from penchant.tuning.trial_store import Ledger

BEST, DEFAULTS = "best settings", "defaults"


def figures(plan: Plan, result: TuningResult, ledger: Ledger) -> dict[str, Evaluation] | None:
    """The best settings and the defaults on the final split, measured once and then kept."""
    if plan.final is None or not result.ranked:
        return None
    from penchant.tuning.plan import digest

    of = plain([result.settings, digest(plan.final)])
    kept = ledger.recall("final")
    if kept is None or kept["of"] != of:
        models = {BEST: plan.model(**result.settings), DEFAULTS: plan.model()}
        found = {label: _measured(plan, plan.final, model) for label, model in models.items()}
        kept = {"of": of, "figures": {label: _packed(one) for label, one in found.items()}}
        ledger.remember("final", kept)
    return {label: _unpacked(one) for label, one in kept["figures"].items()}


def _measured(plan: Plan, final: Split, model: Model) -> Evaluation:
    fitted = model.fit(final.train)
    return evaluate(fitted, final, metrics=plan.metrics, exclude_seen=plan.exclude_seen)


def _packed(one: Evaluation) -> dict[str, Any]:
    return {
        field.name: getattr(one, field.name)
        for field in dataclasses.fields(one)
        if field.name not in ("per_user", "users")
    }


def _unpacked(kept: dict[str, Any]) -> Evaluation:
    ends = {name: (low, high) for name, (low, high) in kept["intervals"].items()}
    return Evaluation(**{**kept, "intervals": ends})
