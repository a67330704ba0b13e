"""Evaluation of one model on a split: metrics with bootstrap intervals."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from typing import Literal

from penchant._boundary import checked
from penchant._settings.checks import check_choice
from penchant.engines.cluster.engine import Cluster
from penchant.errors import SettingsError
from penchant.evaluation.candidates import Scorable
from penchant.evaluation.measure import Measure
from penchant.evaluation.report import Evaluation
from penchant.models._arguments import ItemLists
from penchant.split import Split

__all__ = ["Evaluation", "Measure", "evaluate"]

log = logging.getLogger("penchant")


@checked
def evaluate(
    model: Scorable,
    split: Split,
    *,
    k: int | Sequence[int] = 10,
    metrics: Sequence[str] | str | None = None,
    candidates: ItemLists | None = None,
    exclude_seen: bool = True,
    on: Literal["test", "train"] = "test",
    users: Literal["all", "held-out"] = "all",
    per_user: bool = False,
    bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
    engine: Cluster | None = None,
) -> Evaluation:
    """Evaluate a fitted model on the held-out part of a split.

    If the split has candidates (:func:`penchant.split.cold_items`,
    :func:`penchant.split.sample_negatives`), only these can be recommended; where all of them are
    cold items, a model that can't score those recommends none.

    Users without relevant items (no positive value in the evaluated part) are left out and
    counted. Each metric is defined in :mod:`penchant.evaluation.metrics`.

    Parameters
    ----------
    model
        A model fitted on ``split.train``.
    split
        The held-out interactions, and the history of their users.
    k
        The length of the recommended lists, or several: ``k=[5, 10]`` measures each list metric
        at both, and the first is the default k. May exceed the size of the catalog.
    metrics
        Names among ndcg, precision, recall, recall_truncated, map, mrr, hit_rate, coverage, novelty
        (list metrics: ``"ndcg@5"`` has its own k), auc, percentile_rank and mse. None: those of the
        split if it is of a protocol (:mod:`penchant.protocols`), else the list metrics but
        recall_truncated, which are cheap. auc and percentile_rank rank every item for every user,
        which takes many times longer.
    candidates
        The only items that can be recommended, instead of those of the split: a list for all
        users, or a mapping user → list. Held-out likes that are not candidates do not count, and
        users without a list are left out. Only for ``on="test"``.
    exclude_seen
        Whether to exclude the items of a user's history (liked or disliked) from list and
        ranking. A relevant item is never excluded. False gives the precision of the articles,
        where training likes compete with the held-out ones.
    on
        ``"test"``: the held-out part. ``"train"``: the training likes; nothing is excluded then.
    users
        With ``on="train"``: ``"all"`` users, or only those with likes in the test part
        (``"held-out"``), as in the articles.
    per_user
        Whether to keep the values of every user.
    bootstrap
        The number of bootstrap resamples of users; 0: no intervals.
    level
        The level of the intervals, between 0 and 1.
    seed
        The seed of the resamples.
    threads
        The number of threads; None: that of the model.
    engine
        A cluster whose workers compute the lists and ranks, such as
        :class:`penchant.engines.Dask`; None: this process. The numbers are the same. It reads the
        model from a file in the folder of the engine.

    Raises
    ------
    SettingsError
        If an argument is out of range, or a metric is unknown.
    DataError
        If ``model`` or ``split`` is of another type, or the parts of the split don't match.
    EmptyDataError
        If no user has a relevant item.
    UnknownIdError
        If a candidate is not among the items, or a user with candidates not in the test part.
    """
    start = time.perf_counter()
    check_choice("on", on, ("test", "train"))
    if candidates is not None and on == "train":
        raise SettingsError('candidates are for on="test": training likes are measured over all')
    measure = Measure(
        split,
        parts=(on,),
        users=users,
        k=k,
        metrics=metrics,
        candidates=candidates,
        exclude_seen=exclude_seen,
        per_user=per_user,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        threads=threads,
        engine=engine,
    )
    (evaluation,) = measure(model).values()
    evaluation = dataclasses.replace(evaluation, seconds=time.perf_counter() - start)
    log.info("%s in %.2f s", evaluation.summary(), evaluation.seconds)
    return evaluation
