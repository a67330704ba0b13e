"""Lists in which the answers differ from each other: maximal marginal relevance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.models._scoring.normalize import normalize


def rerank(
    scores: npt.ArrayLike, vectors: npt.NDArray[Any], k: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Choose k of some candidates, each the best that is not too much like those before it.

    In each step the candidate with the largest ``(1 − d) · score − d · likeness`` is taken, where
    the score is scaled to 0…1 over all candidates, and the likeness is the largest cosine between
    its vector and those of what was taken (Carbonell & Goldstein 1998, "The use of MMR,
    diversity-based reranking for reordering documents and producing summaries").

    Parameters
    ----------
    scores
        Shape (n,): of the candidates, the higher the better.
    vectors
        Shape (n, f): what they are like.
    k
        How many to take, 0 or more; all where there are fewer.
    diversity
        d, 0 (by score alone) to 1 (by likeness alone, after the first).

    Returns
    -------
    ndarray
        Places among the candidates, in the order in which they were taken.

    Raises
    ------
    SettingsError
        If ``diversity`` is not in 0…1.
    """
    d = checks.number("diversity", diversity, 0, most=1)
    worth = _scaled(np.asarray(scores, dtype=np.float64))
    n = min(k, len(worth))
    unit = normalize(vectors).astype(np.float64)
    nearest = np.zeros(len(worth))
    taken = np.empty(n, dtype=np.int64)
    for place in range(n):
        value = (1 - d) * worth - d * nearest
        value[taken[:place]] = -np.inf
        best = int(np.argmax(value)) if place else int(np.argmax(worth))
        taken[place] = best
        likeness = unit @ unit[best]
        nearest = np.maximum(nearest, likeness) if place else likeness
    return taken


def _scaled(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 for the lowest to 1 for the highest; all 1 where they are equal."""
    spread = np.ptp(scores) if len(scores) else 0.0
    return (scores - scores.min()) / spread if spread > 0 else np.ones_like(scores)
