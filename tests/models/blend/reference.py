"""Fusion in NumPy: the slow reference of the native kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RANK_CONSTANT = 60
TOP = 100


def fused(
    parts: Sequence[npt.NDArray[np.float32]], weights: Sequence[float], fusion: str, seen: Bools
) -> F64:
    """Add up scaled scores; NaN where no part scores the item."""
    sums, rated = np.zeros(seen.shape), np.zeros(seen.shape, dtype=np.bool_)
    for scores, weight in zip(parts, weights, strict=True):
        scored = np.isfinite(scores)
        exact = np.where(scored, scores, 0.0).astype(np.float64)
        sums += np.where(scored, SCALES[fusion](exact, scored & ~seen), 0.0) * weight
        rated |= scored
    return np.where(rated, sums, np.nan)


def z_scores(scores: F64, counted: Bools) -> F64:
    """Return z-scores: deviations from the mean of the counted items, in standard deviations."""
    n = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    mean = np.where(counted, scores, 0.0).sum(axis=1, keepdims=True) / n
    deviations = scores - mean
    spread = np.sqrt((np.where(counted, deviations, 0.0) ** 2).sum(axis=1, keepdims=True) / n)
    low, high = _ends(scores, counted)
    scaled: F64 = np.zeros_like(deviations)
    np.divide(deviations, spread, out=scaled, where=(high > low) & (spread > 0))
    return scaled


def shares(scores: F64, counted: Bools) -> F64:
    """Return 0 for the worst of the counted items to 1 for the best (min-max scaling)."""
    low, high = _ends(scores, counted)
    differ = high > low  # otherwise all scores are equal, or none is counted
    low = np.where(differ, low, 0.0)
    scaled = np.zeros_like(scores)
    np.divide(scores - low, np.where(differ, high, 1.0) - low, out=scaled, where=differ)
    return scaled


def reciprocal_ranks(scores: F64, counted: Bools) -> F64:
    """Return 1 / (60 + rank); the rank is 1 plus the counted items that score higher."""
    above = np.empty(scores.shape)
    for above_row, row, is_counted in zip(above, scores, counted, strict=True):
        rising = np.sort(row[is_counted])
        above_row[:] = len(rising) - np.searchsorted(rising, row, side="right")
    return 1.0 / (RANK_CONSTANT + 1 + above)


def top_means(scores: F64, counted: Bools) -> F64:
    """Return scores divided by the mean of the hundred best counted items, 0 if it is not above 0.

    Unlike z-scores it keeps 0 where it is, and looks only at the items that are close to a list.
    """
    ranked = np.where(counted, scores, -np.inf)
    n = min(TOP, scores.shape[1])
    top = np.partition(ranked, -n, axis=1)[:, -n:] if n else ranked
    finite = np.isfinite(top)
    sizes = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    mean = np.where(finite, top, 0.0).sum(axis=1, keepdims=True) / sizes
    scaled = np.zeros_like(scores)
    np.divide(scores, mean, out=scaled, where=mean > 0)
    return scaled


def _ends(scores: F64, counted: Bools) -> tuple[F64, F64]:
    """Return the lowest and the highest score of the counted items, row by row."""
    low = np.where(counted, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(counted, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    return low, high


SCALES: dict[str, Callable[[F64, Bools], F64]] = {
    "none": lambda scores, counted: scores,
    "z-score": z_scores,
    "min-max": shares,
    "rank": reciprocal_ranks,
    "top-mean": top_means,
}
