"""Fusion: scores of several models on one scale, and their weighted mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BLOCK_BYTES, BlockScorer, Scorer

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Fusion = Literal["z-score", "min-max", "rank", "top-mean"]

RANK_CONSTANT = 60
"""The constant added to ranks (Cormack, Clarke & Büttcher 2009, section 2)."""
TOP = 100
"""The number of best items whose mean score is 1 with ``"top-mean"``."""


def mixed(
    parts: Sequence[tuple[float, Scorer]], seen: Csr, fusion: Fusion, *, threads: int | None
) -> Scorer:
    """Return the weighted mean of scores on one scale, query by query.

    Parameters
    ----------
    parts
        Weights above 0, and scorers of the same queries and items.
    seen
        The history of each query: scores are scaled by the other items.
    fusion
        The scaling of scores, see :class:`penchant.Blend`.
    threads
        The number of threads that sort the mixed scores.

    Returns
    -------
    Scorer
        NaN where no part scores the item.
    """
    total = sum(weight for weight, _ in parts)
    n_queries, n_items = seen.n_rows, seen.n_columns
    scale = SCALES[fusion]

    def block(span: slice) -> npt.NDArray[np.float32]:
        rows = seen.take_rows(np.arange(span.start, span.stop))
        new = np.ones((rows.n_rows, n_items), dtype=np.bool_)
        new[rows.row_of_entry, rows.indices] = False
        sums = np.zeros(new.shape)
        rated = np.zeros_like(new)
        for weight, scorer in parts:
            scores = scorer.dense(span).astype(np.float64)
            scored = np.isfinite(scores)
            scaled = scale(np.where(scored, scores, 0.0), new & scored)
            sums += np.where(scored, scaled, 0.0) * (weight / total)
            rated |= scored
        return np.where(rated, sums, np.nan).astype(np.float32)

    batch = max(1, BLOCK_BYTES // (64 * max(n_items, 1)))  # some float64 blocks at a time
    return BlockScorer(n_queries, n_items, block, batch=batch, threads=threads)


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


SCALES: dict[Fusion, Callable[[F64, Bools], F64]] = {
    "z-score": z_scores,
    "min-max": shares,
    "rank": reciprocal_ranks,
    "top-mean": top_means,
}
