"""Scores of several models brought to one scale, and mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BLOCK_BYTES, BlockScorer, Scorer

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Fusion = Literal["z-score", "min-max", "rank"]

RANK_CONSTANT = 60
"""What is added to ranks (Cormack, Clarke & Büttcher 2009, section 2)."""


def mixed(
    parts: Sequence[tuple[float, Scorer]], seen: Csr, fusion: Fusion, *, threads: int | None
) -> Scorer:
    """The weighted mean of scores that are brought to one scale, query by query.

    Parameters
    ----------
    parts
        Weights above 0, and scorers of the same queries and items.
    seen
        What each query has already: lists are scaled by the other items.
    fusion
        How scores are scaled: see :class:`penchant.Blend`.
    threads
        For putting the mixed scores in order.

    Returns
    -------
    Scorer
        NaN where no part rates the item.
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
            known = np.isfinite(scores)
            sums += np.where(known, scale(np.where(known, scores, 0.0), new & known), 0.0) * (
                weight / total
            )
            rated |= known
        return np.where(rated, sums, np.nan).astype(np.float32)

    batch = max(1, BLOCK_BYTES // (64 * max(n_items, 1)))  # some float64 blocks at a time
    return BlockScorer(n_queries, n_items, block, batch=batch, threads=threads)


def z_scores(scores: F64, counted: Bools) -> F64:
    """Deviations from the mean of the items that count, in their standard deviations."""
    n = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    mean = np.where(counted, scores, 0.0).sum(axis=1, keepdims=True) / n
    apart = scores - mean
    spread = np.sqrt((np.where(counted, apart, 0.0) ** 2).sum(axis=1, keepdims=True) / n)
    low, high = _ends(scores, counted)
    told: F64 = np.zeros_like(apart)
    np.divide(apart, spread, out=told, where=(high > low) & (spread > 0))
    return told


def shares(scores: F64, counted: Bools) -> F64:
    """0 for the worst of the items that count, 1 for the best."""
    low, high = _ends(scores, counted)
    differ = high > low  # else there is nothing to tell apart, or nothing at all
    low = np.where(differ, low, 0.0)
    told = np.zeros_like(scores)
    np.divide(scores - low, np.where(differ, high, 1.0) - low, out=told, where=differ)
    return told


def reciprocal_ranks(scores: F64, counted: Bools) -> F64:
    """1 / (60 + rank): 1 and how many of the items that count score higher."""
    above = np.empty(scores.shape)
    for row, theirs, held in zip(above, scores, counted, strict=True):
        rising = np.sort(theirs[held])
        row[:] = len(rising) - np.searchsorted(rising, theirs, side="right")
    return 1.0 / (RANK_CONSTANT + 1 + above)


def _ends(scores: F64, counted: Bools) -> tuple[F64, F64]:
    """The lowest and the highest score of the items that count, row by row."""
    low = np.where(counted, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(counted, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    return low, high


SCALES: dict[Fusion, Callable[[F64, Bools], F64]] = {
    "z-score": z_scores,
    "min-max": shares,
    "rank": reciprocal_ranks,
}
