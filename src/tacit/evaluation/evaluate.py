"""A model on a split: which users, which items, then every metric with its interval."""

from __future__ import annotations

import difflib
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from tacit import kernels
from tacit.checks import share, whole
from tacit.data.interactions import Csr, Interactions
from tacit.engines.scorers import Scorer
from tacit.errors import DataError, EmptyDataError, SettingsError
from tacit.evaluation import bootstrap as boot
from tacit.evaluation.metrics import METRICS, Answers, Metric, PerUser
from tacit.evaluation.report import Comparison, Evaluation, Interval, compare
from tacit.split import Split

__all__ = ["DEFAULT", "Comparison", "Evaluation", "Scorable", "compare", "evaluate"]

log = logging.getLogger("tacit")

DEFAULT = tuple(name for name in METRICS if name != "mse")
"""What is measured unless told: all but MSE, which says nothing of models that only rank."""


class Scorable(Protocol):
    """What can be measured: every model."""

    def scorer(self, interactions: Interactions) -> Scorer:
        """Scores of all items for every user of ``interactions``, given what they did there."""


def evaluate(
    model: Scorable,
    split: Split,
    *,
    k: int = 10,
    metrics: Sequence[str] | str = DEFAULT,
    mask_seen: bool = True,
    on: Literal["test", "train"] = "test",
    per_user: bool = False,
    bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Evaluation:
    """Measure a fitted model on what it was not shown.

    Users with nothing relevant to find, no positive value in what is measured on, are left out
    and counted. Each metric is defined in :mod:`tacit.evaluation.metrics`.

    Parameters
    ----------
    model
        Fitted on ``split.train``.
    split
        What to measure on, and what is known of its users.
    k
        The length of lists; may be larger than the catalogue.
    metrics
        Names out of ndcg, precision, recall, map, mrr, hit_rate, coverage, novelty (of lists:
        ``"ndcg@5"`` has its own k), auc, percentile_rank and mse. Default: all but mse.
    mask_seen
        Leave what a user is known to have (liked or disliked) out of their list and ranking. An
        item that is to be found as well is never left out. False gives the precision of the
        articles, where training likes compete with the held-out ones.
    on
        ``"train"`` measures how well the training likes themselves are found; nothing is masked
        then.
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
    if not isinstance(split, Split):
        raise DataError(
            f"a tacit.Split is needed, got {type(split).__name__}: tacit.split makes one"
        )
    if not hasattr(model, "scorer"):
        raise DataError(f"a fitted model is needed, got {type(model).__name__}")
    k = whole("k", k, 1)
    wanted = _parse(metrics, k)
    resamples, seed = whole("bootstrap", bootstrap, 0), whole("seed", seed, 0)
    confidence = share("confidence", confidence)
    if on not in ("test", "train"):
        raise SettingsError(f'on must be "test" or "train", got {on!r}')
    masked = bool(mask_seen) and on == "test"
    threads = None if threads is None else kernels.thread_count(threads)

    known, target = (split.train, split.train) if on == "train" else (split.seen, split.test)
    liked = _likes(target)
    rows = np.flatnonzero(liked.row_counts)
    if len(rows) == 0:
        raise EmptyDataError(f"no user has a positive value in the {on} part: nothing to find")
    relevant = liked.take_rows(rows)
    answers = Answers(
        scorer=_scorer(model, known, target, rows, threads),
        relevant=relevant,
        masked=_minus(known.csr.take_rows(rows), relevant) if masked else None,
        item_users=np.bincount(_likes(split.train).indices, minlength=split.train.n_items),
        n_training_users=split.train.n_users,
        longest=max(length for _, length in wanted.values()),
    )
    found = {name: _values(answers, metric, length) for name, (metric, length) in wanted.items()}
    single = {name: values for name, values in found.items() if isinstance(values, np.ndarray)}
    weights = {name: _weights(answers, wanted[name][0], single[name]) for name in single}
    means, intervals = _summarise(
        single, weights, resamples=resamples, confidence=confidence, seed=seed, threads=threads
    )
    result = Evaluation(
        figures={name: means[name] if name in means else float(found[name]) for name in wanted},
        intervals=intervals,
        k=k,
        n_users=len(rows),
        n_left_out=target.n_users - len(rows),
        seconds=time.perf_counter() - began,
        settings={
            "k": k,
            "on": on,
            "mask_seen": masked,
            "split": split.kind,
            "bootstrap": resamples,
            "confidence": confidence,
            "seed": seed,
        },
        per_user=single if per_user else None,
        users=target.users.array[rows] if per_user else None,
    )
    log.info("%r in %.2f s", result, result.seconds)
    return result


def _parse(metrics: Sequence[str] | str, k: int) -> dict[str, tuple[Metric, int]]:
    """Full name → metric and the length of its lists, in the order asked for."""
    if not isinstance(metrics, Iterable):
        raise SettingsError(f"metrics are names of them, got {metrics!r}")
    wanted = {}
    for asked in [metrics] if isinstance(metrics, str) else metrics:
        name, at, length = str(asked).partition("@")
        if name not in METRICS:
            close = difflib.get_close_matches(name, METRICS, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise SettingsError(f"unknown metric {asked!r}{hint}; there are: {', '.join(METRICS)}")
        metric = METRICS[name]
        if at and not metric.of_lists:
            raise SettingsError(f"{name} is of whole rankings, so {asked!r} has no k: say {name!r}")
        if at and not (length.isascii() and length.isdigit() and int(length)):
            raise SettingsError(f"in {asked!r} the part after @ must be a whole number, 1 or more")
        own = int(length) if at else k
        wanted[f"{name}@{own}" if metric.of_lists else name] = (metric, own)
    if not wanted:
        raise SettingsError(f"no metric was asked for; there are: {', '.join(METRICS)}")
    return wanted


def _scorer(
    model: Scorable,
    known: Interactions,
    target: Interactions,
    rows: npt.NDArray[np.int64],
    threads: int | None,
) -> Scorer:
    """The scores of the users that are measured, if the parts of the split fit each other."""
    if known.items != target.items or known.users != target.users:
        raise DataError(
            "the test part of the split must have the users and items of the part that the model "
            f"sees, in the same order; got {known!r} and {target!r}"
        )
    scorer = model.scorer(known).take(rows)
    if threads is not None:
        scorer.threads = threads
    return scorer


def _likes(interactions: Interactions) -> Csr:
    positive = interactions.csr.values > 0
    return interactions.csr if positive.all() else interactions.select(positive).csr


def _minus(seen: Csr, less: Csr) -> Csr:
    """The entries of ``seen`` that are not entries of ``less``, a matrix of the same shape."""
    keys, gone = (
        part.row_of_entry * np.int64(part.n_columns) + part.indices for part in (seen, less)
    )
    place = np.searchsorted(keys, gone)
    both = place[keys[np.minimum(place, len(keys) - 1)] == gone] if len(keys) else place[:0]
    if len(both) == 0:
        return seen
    keep = np.ones(seen.nnz, dtype=np.bool_)
    keep[both] = False
    before = np.concatenate([[0], np.cumsum(keep)])
    return Csr(before[seen.indptr], seen.indices[keep], seen.values[keep], seen.n_columns)


def _values(answers: Answers, metric: Metric, k: int) -> PerUser | float:
    return metric.function(answers, k) if metric.of_lists else metric.function(answers)


def _weights(answers: Answers, metric: Metric, values: PerUser) -> PerUser:
    """What each user weighs in a mean: nothing where the value is not known."""
    weights = np.ones(len(values)) if metric.weight is None else metric.weight(answers)
    return np.where(np.isnan(values), 0.0, weights)


def _summarise(
    values: dict[str, PerUser],
    weights: dict[str, PerUser],
    *,
    resamples: int,
    confidence: float,
    seed: int,
    threads: int | None,
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Means over users and, with any resamples, their intervals."""
    if not values:
        return {}, {}
    known = np.nan_to_num(np.stack(list(values.values()), axis=1), nan=0.0)
    weighed = np.stack([weights[name] for name in values], axis=1)
    means = dict(zip(values, boot.means(known, weighed).tolist(), strict=True))
    if not resamples:
        return means, {}
    ends = boot.intervals(
        known, weighed, resamples=resamples, confidence=confidence, seed=seed, threads=threads
    )
    return means, {
        name: (low, high) for name, (low, high) in zip(values, ends.tolist(), strict=True)
    }
