"""Fusion: scores of several models on one scale, and their weighted mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models._scoring.scorers import BLOCK_BYTES, BlockScorer, Scorer

Fusion = Literal["z-score", "min-max", "rank", "top-mean"]


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
        The number of threads that mix and sort the scores.

    Returns
    -------
    Scorer
        NaN where no part scores the item.
    """
    total = sum(weight for weight, _ in parts)
    weights = [weight / total for weight, _ in parts]
    n_queries, n_items = seen.n_rows, seen.n_columns

    def block(span: slice) -> npt.NDArray[np.float32]:
        scores = [scorer.dense(span) for _, scorer in parts]
        rows = seen.indptr[span.start : span.stop + 1], seen.indices
        return _kernels.fused_scores(scores, weights, fusion, rows, threads=threads)

    batch = max(1, BLOCK_BYTES // (4 * (len(parts) + 1) * max(n_items, 1)))
    return BlockScorer(n_queries, n_items, block, batch=batch, threads=threads)
