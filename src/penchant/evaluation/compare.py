"""Fit and evaluate several models on one split."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from penchant._boundary import checked
from penchant.errors import DataError, NotFittedError
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.comparison import Comparison, Cost
from penchant.evaluation.measure import Measure
from penchant.models._outline import same_cells
from penchant.models.base import Model
from penchant.split import Split

log = logging.getLogger("penchant")

DEFAULT = ("ndcg", "recall")
"""The metrics of a comparison by default."""


@checked
def compare(
    models: Sequence[Scorable] | Mapping[str, Scorable],
    split: Split,
    *,
    k: int | Sequence[int] = 10,
    metrics: Sequence[str] | str | None = None,
    exclude_seen: bool = True,
    bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare models on the held-out part of a split; those that are not fitted are fitted.

    All models are measured on the same users, so that differences are paired: their intervals are
    narrower than those of the values themselves.

    Parameters
    ----------
    models
        A list, or a mapping label → model. Models that are not fitted are fitted on
        ``split.train``, in place; the others must have been fitted on it.
    split
        The training part, the held-out interactions, and the history of their users.
    metrics
        As for :func:`penchant.evaluate`; models are ranked by the first one. None: those of the
        split if it is of a protocol (:mod:`penchant.protocols`), else ndcg and recall.
    k, exclude_seen, bootstrap, level, seed
        As for :func:`penchant.evaluate`.

    Returns
    -------
    Comparison
        Prints as a table: metrics with intervals, the paired difference to the best model in the
        first metric, the seconds of the fit and the size of what was learned.

    Raises
    ------
    SettingsError
        If an argument is out of range, or a metric is unknown.
    DataError
        If there are no models, something else is among them, or the split is of another type.
    EmptyDataError
        If no user has a relevant item.
    """
    labeled = _labeled(models)
    if metrics is None and getattr(split, "metrics", ()) is None:
        metrics = DEFAULT
    measure = Measure(
        split,
        parts="test",
        k=k,
        metrics=metrics,
        exclude_seen=exclude_seen,
        per_user=True,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
    )
    evaluations, costs = {}, {}
    for label, model in labeled.items():
        costs[label] = _fitted(model, label, split)
        (evaluations[label],) = measure(model).values()
        log.info("%s: %r", label, evaluations[label])
    return Comparison(evaluations, costs)


def _labeled(models: object) -> dict[str, Scorable]:
    """Return label → model; a list is labeled by classes, and by settings where these repeat."""
    if isinstance(models, Mapping):
        labeled = {str(label): model for label, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str | bytes):
        kinds = [type(model).__name__ for model in models]
        labeled = {}
        for kind, model in zip(kinds, models, strict=True):
            label = base = kind if kinds.count(kind) == 1 else _with_settings(model)
            number = 1
            while label in labeled:
                number += 1
                label = f"{base} ({number})"
            labeled[label] = model
    else:
        raise DataError(
            f"models are a list of models or a mapping label → model, got {type(models).__name__}"
        )
    if not labeled:
        raise DataError("nothing to compare: give one or more models")
    for label, model in labeled.items():
        if not isinstance(model, Scorable) or isinstance(model, type):
            shown = f"the class {model.__name__}" if isinstance(model, type) else repr(model)[:80]
            raise DataError(f"a model is needed, such as penchant.ALS(), got {shown} ({label})")
    return labeled


def _with_settings(model: object) -> str:
    """Return a model with the settings that are not the defaults: ``"ALS(factors=32)"``."""
    name = type(model).__name__
    if not isinstance(model, Model):
        return name
    changed = (f"{setting}={value!r}" for setting, value in model.changed_settings.items())
    return f"{name}({', '.join(changed)})"


def _fitted(model: Scorable, label: str, split: Split) -> Cost:
    """Fit a model on the training part unless it is fitted; return what it costs."""
    if not isinstance(model, Model):
        return Cost()
    seconds = None
    try:
        data = model._trained_on
    except NotFittedError:
        start = time.perf_counter()
        data = model.fit(split.train).interactions
        seconds = time.perf_counter() - start
    if not same_cells(split.train.csr, data):
        log.warning(
            "%s was fitted on other interactions than the training part of the split: if held-out "
            "likes are among them, its figures are too good", label,
        )  # fmt: skip
    return Cost(seconds, model._nbytes)
