"""How sure a mean over users is: percentile bootstrap intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

DRAWS_AT_ONCE = 1 << 20  # 8 MiB of counts: they stay in cache


def means(values: F64, weights: F64) -> F64:
    """Weighted means of columns, float64, shape (n_columns,); NaN where all weights are 0."""
    return _ratio((values * weights).sum(axis=0), weights.sum(axis=0))


def intervals(values: F64, weights: F64, *, resamples: int, confidence: float, seed: int) -> F64:
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

    Returns
    -------
    ndarray
        float64, shape (n_columns, 2): lower and upper ends.
    """
    n = len(values)
    rng = np.random.default_rng(seed)
    weighted = values * weights
    drawn = np.empty((resamples, values.shape[1]))
    step = max(1, DRAWS_AT_ONCE // max(n, 1))
    for start in range(0, resamples, step):
        times = _times_drawn(rng, min(step, resamples - start), n)
        drawn[start : start + len(times)] = _ratio(times @ weighted, times @ weights)
    tail = (1 - confidence) / 2
    return np.array([_ends(column, tail) for column in drawn.T]).reshape(-1, 2)


def _times_drawn(rng: np.random.Generator, resamples: int, n: int) -> F64:
    """How often each of n rows is drawn, in each of some resamples."""
    rows = rng.integers(0, n, size=(resamples, n), dtype=np.int32)
    cells = rows + np.arange(resamples, dtype=np.int64)[:, None] * n
    counts = np.bincount(cells.reshape(-1), minlength=resamples * n)
    return counts.reshape(resamples, n).astype(np.float64)


def _ratio(total: F64, weight: F64) -> F64:
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def _ends(means: F64, tail: float) -> F64:
    known = means[~np.isnan(means)]
    return np.quantile(known, [tail, 1 - tail]) if len(known) else np.full(2, np.nan)
