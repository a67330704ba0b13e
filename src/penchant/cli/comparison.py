"""Compare a measured model with models that need no choice of settings, and say what to try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from penchant.cli.output import number

if TYPE_CHECKING:
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.base import Model

BASELINES = ("popularity", "item-neighbors")
_PREFERRED = "ndcg@10"


def next_to_try(
    models: Mapping[str, Model], results: Mapping[str, Evaluation], source: str
) -> list[str]:
    """Return advice for each model that is below a baseline; empty if there is none.

    Parameters
    ----------
    models
        Name → model. Those in :data:`BASELINES` are what the others are compared with.
    results
        Name → its evaluation.
    source
        The data, as the command line names it.
    """
    lines = []
    for name, model in models.items():
        if name in BASELINES:
            continue
        metric = _metric_of(results[name])
        if metric is None:
            continue
        value = results[name][metric]
        ahead = {
            other: results[other][metric]
            for other in BASELINES
            if other in results and results[other][metric] > value
        }
        if ahead:
            best = max(ahead, key=lambda other: ahead[other])
            lines.append(
                f"{name} is below {best} here: {metric} {number(value)} against "
                f"{number(ahead[best])}. Try {_advice(model, best, source)}"
            )
    return lines


def _metric_of(evaluation: Evaluation) -> str | None:
    """Return NDCG@10 if it was measured, else the first metric of which more is better."""
    from penchant.evaluation.metrics import metric_of

    names = [name for name in evaluation.figures if metric_of(name).better == "higher"]
    return _PREFERRED if _PREFERRED in names else next(iter(names), None)


def _advice(model: Model, best: str, source: str) -> str:
    """Return what to try: the defaults, the better baseline, or a selection of all families."""
    changed = [
        f"--{name.replace('_', '-')}"
        for name in model.changed_settings
        if name not in ("threads", "seed")
    ]
    selection = f"penchant tune {source}, which compares all families of models"
    if changed:
        return f"its defaults (leave out {', '.join(changed)}), or {selection}"
    if best == "popularity":
        return selection
    return f"--model {best}, or {selection}"
