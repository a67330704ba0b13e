"""How sure a mean over users is: percentile bootstrap intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tacit import kernels

F64 = npt.NDArray[np.float64]


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
    different, place = np.unique(weights, axis=1, return_inverse=True)  # most weigh users alike
    both = np.hstack([values * weights, different])
    draws = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    sums = kernels.resampled_sums(both, resamples=resamples, seed=draws, threads=threads)
    drawn = _ratio(sums[:, :n_columns], sums[:, n_columns:][:, place])
    tail = (1 - confidence) / 2
    return np.array([_ends(column, tail) for column in drawn.T]).reshape(-1, 2)


def _ratio(total: F64, weight: F64) -> F64:
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def _ends(means: F64, tail: float) -> F64:
    known = means[~np.isnan(means)]
    return np.quantile(known, [tail, 1 - tail]) if len(known) else np.full(2, np.nan)
