"""A model on a split: which users, which items, then every metric with its interval."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from typing import Literal

from penchant._settings.checks import choice
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.measure import Measure
from penchant.evaluation.metrics import DEFAULT
from penchant.evaluation.report import Comparison, Evaluation, compare
from penchant.split import Split

__all__ = ["DEFAULT", "Comparison", "Evaluation", "Measure", "Scorable", "compare", "evaluate"]

log = logging.getLogger("penchant")


def evaluate(
    model: Scorable,
    split: Split,
    *,
    k: int = 10,
    metrics: Sequence[str] | str = DEFAULT,
    exclude_seen: bool = True,
    on: Literal["test", "train"] = "test",
    users: Literal["all", "held-out"] = "all",
    per_user: bool = False,
    bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Evaluation:
    """Measure a fitted model on what it was not shown.

    Where the split names candidates (:func:`penchant.split.cold_items`), only these can be
    recommended; a model that does not rate items that nobody has taken to recommends none.

    Users with nothing relevant to find, no positive value in what is measured on, are left out
    and counted. Each metric is defined in :mod:`penchant.evaluation.metrics`.

    Parameters
    ----------
    model
        Fitted on ``split.train``.
    split
        What to measure on, and what is known of its users.
    k
        The length of lists; may be larger than the catalog.
    metrics
        Names out of ndcg, precision, recall, map, mrr, hit_rate, coverage, novelty (of lists:
        ``"ndcg@5"`` has its own k), auc, percentile_rank and mse. Default: those of lists, which
        cost no more than the lists. auc and percentile_rank put every item in order for
        everybody: many times the work.
    exclude_seen
        Leave what a user is known to have (liked or disliked) out of their list and ranking. An
        item that is to be found as well is never left out. False gives the precision of the
        articles, where training likes compete with the held-out ones.
    on
        ``"train"`` measures how well the training likes themselves are found; nothing is masked
        then.
    users
        With ``on="train"``: of ``"all"`` users, or only of those who have something in the test
        part (``"held-out"``), as the articles do.
    per_user
        Whether to keep every user's values.
    bootstrap
        Resamples of users for the intervals; 0: no intervals.
    confidence
        Of the intervals.
    seed
        Of the resamples.
    threads
        How many to use; None: as the model does.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or a metric is unknown.
    DataError
        If it is no model or no split, or the parts of the split don't fit each other.
    EmptyDataError
        If no user has anything to find.
    """
    began = time.perf_counter()
    choice("on", on, ("test", "train"))
    measure = Measure(
        split,
        parts=(on,),
        users=users,
        k=k,
        metrics=metrics,
        exclude_seen=exclude_seen,
        per_user=per_user,
        bootstrap=bootstrap,
        confidence=confidence,
        seed=seed,
        threads=threads,
    )
    (found,) = measure(model).values()
    found = dataclasses.replace(found, seconds=time.perf_counter() - began)
    log.info("%r in %.2f s", found, found.seconds)
    return found
