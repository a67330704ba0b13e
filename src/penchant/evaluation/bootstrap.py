"""How sure a mean over users is: percentile bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.evaluation.report import Interval

F64 = npt.NDArray[np.float64]


def summarize(
    values: Mapping[str, F64],
    weights: Mapping[str, F64 | None],
    *,
    resamples: int,
    confidence: float,
    seed: int,
    threads: int | None = None,
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Means over users and, with any resamples, their intervals.

    Parameters
    ----------
    values
        Name → a value a user; where it is NaN, the user counts for nothing.
    weights
        Name → what each user weighs; None: all the same.
    resamples
        How many; 0: no intervals.
    confidence, seed, threads
        As for :func:`intervals`.
    """
    if not values:
        return {}, {}
    columns = np.stack(list(values.values()), axis=1)
    weighed = np.ones_like(columns)
    for column, name in enumerate(values):
        if (weight := weights[name]) is not None:
            weighed[:, column] = weight
    unknown = np.isnan(columns)
    columns[unknown] = weighed[unknown] = 0
    found = dict(zip(values, means(columns, weighed).tolist(), strict=True))
    if not resamples:
        return found, {}
    ends = intervals(
        columns, weighed, resamples=resamples, confidence=confidence, seed=seed, threads=threads
    )
    return found, {
        name: (low, high) for name, (low, high) in zip(values, ends.tolist(), strict=True)
    }


def means(values: F64, weights: F64) -> F64:
    """Weighted means of columns, float64, shape (n_columns,); NaN where all weights are 0."""
    return _ratio((values * weights).sum(axis=0), weights.sum(axis=0))


def intervals(
    values: F64,
    weights: F64,
    *,
    resamples: int,
    confidence: float,
    seed: int,
    threads: int | None = None,
) -> F64:
    """Intervals of the weighted means of columns, drawing rows (users) with replacement.

    Efron's percentile bootstrap (Efron and Tibshirani 1993, chapter 13); all columns share the
    same draws. Memory does not grow with ``resamples``.

    Parameters
    ----------
    values, weights
        Shape (n, n_columns). Where a weight is 0 the value counts for nothing.
    resamples
        How many times n rows are drawn, 1 or more.
    confidence
        Such as 0.95.
    seed
        The same one gives the same intervals.
    threads
        How many to use, without any effect on the intervals; None: all cores we may use.

    Returns
    -------
    ndarray
        float64, shape (n_columns, 2): lower and upper ends.
    """
    n_columns = values.shape[1]
    different, place = _distinct(weights)  # most weigh users alike
    both = np.hstack([values * weights, different])
    draws = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    sums = _kernels.bootstrap_sums(both, resamples=resamples, seed=draws, threads=threads)
    drawn = _ratio(sums[:, :n_columns], sums[:, n_columns:][:, place])
    tail = (1 - confidence) / 2
    return np.array([_ends(column, tail) for column in drawn.T]).reshape(-1, 2)


def _distinct(columns: F64) -> tuple[F64, list[int]]:
    """Each different column once, and for each column which of those it is."""
    kept: list[F64] = []
    place = []
    for column in columns.T:
        same = (n for n, other in enumerate(kept) if np.array_equal(column, other))
        place.append(next(same, len(kept)))
        if place[-1] == len(kept):
            kept.append(column)
    return np.stack(kept, axis=1), place


def _ratio(total: F64, weight: F64) -> F64:
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def _ends(means: F64, tail: float) -> F64:
    known = means[~np.isnan(means)]
    return np.quantile(known, [tail, 1 - tail]) if len(known) else np.full(2, np.nan)
