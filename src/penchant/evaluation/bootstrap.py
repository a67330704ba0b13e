"""Percentile bootstrap intervals of means over users.

Our own code, since ``scipy.stats.bootstrap`` keeps all resamples in memory (1,000 of 100,000 users
take 800 MB per metric) and has no weighted means; the native kernel needs one row of sums each.
"""

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
    level: float,
    seed: int,
    threads: int | None = None,
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Return means over users and, if ``resamples`` is above 0, their intervals.

    Parameters
    ----------
    values
        Name → one value per user; NaN leaves the user out.
    weights
        Name → the weight of each user; None: equal weights.
    resamples
        The number of resamples; 0: no intervals.
    level, seed, threads
        As for :func:`intervals`.
    """
    if not values:
        return {}, {}
    columns = np.stack(list(values.values()), axis=1)
    column_weights = np.ones_like(columns)
    for column, name in enumerate(values):
        if (weight := weights[name]) is not None:
            column_weights[:, column] = weight
    missing = np.isnan(columns)
    columns[missing] = column_weights[missing] = 0
    mean_of = dict(zip(values, means(columns, column_weights).tolist(), strict=True))
    if not resamples:
        return mean_of, {}
    bounds = intervals(
        columns, column_weights, resamples=resamples, level=level, seed=seed, threads=threads
    )
    return mean_of, {
        name: (low, high) for name, (low, high) in zip(values, bounds.tolist(), strict=True)
    }


def means(values: F64, weights: F64) -> F64:
    """Return weighted means of columns, float64, shape (n_columns,); NaN if all weights are 0."""
    return _ratio((values * weights).sum(axis=0), weights.sum(axis=0))


def intervals(
    values: F64,
    weights: F64,
    *,
    resamples: int,
    level: float,
    seed: int,
    threads: int | None = None,
) -> F64:
    """Return bootstrap intervals of the weighted means of columns, resampling rows (users).

    Efron's percentile bootstrap (Efron and Tibshirani 1993, chapter 13); all columns share the
    same resamples. Memory does not grow with ``resamples``.

    Parameters
    ----------
    values, weights
        Shape (n, n_columns). A weight of 0 leaves the value out.
    resamples
        The number of resamples, each of n rows drawn with replacement; 1 or more.
    level
        The level of the intervals, between 0 and 1, such as 0.95.
    seed
        The same seed gives the same intervals.
    threads
        The number of threads, without effect on the result; None: all available cores.

    Returns
    -------
    ndarray
        float64, shape (n_columns, 2): lower and upper bounds.
    """
    n_columns = values.shape[1]
    # most metrics have equal weights, so each different column of weights is summed once
    different, place = _distinct(weights)
    columns = np.hstack([values * weights, different])
    kernel_seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    sums = _kernels.bootstrap_sums(columns, resamples=resamples, seed=kernel_seed, threads=threads)
    resampled = _ratio(sums[:, :n_columns], sums[:, n_columns:][:, place])
    tail = (1 - level) / 2
    return np.array([_quantiles(column, tail) for column in resampled.T]).reshape(-1, 2)


def _distinct(columns: F64) -> tuple[F64, list[int]]:
    """Return the distinct columns, and for each column its place among them."""
    distinct: list[F64] = []
    place = []
    for column in columns.T:
        same = (n for n, other in enumerate(distinct) if np.array_equal(column, other))
        place.append(next(same, len(distinct)))
        if place[-1] == len(distinct):
            distinct.append(column)
    return np.stack(distinct, axis=1), place


def _ratio(total: F64, weight: F64) -> F64:
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def _quantiles(means: F64, tail: float) -> F64:
    defined = means[~np.isnan(means)]
    return np.quantile(defined, [tail, 1 - tail]) if len(defined) else np.full(2, np.nan)
