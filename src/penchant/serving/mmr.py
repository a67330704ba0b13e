"""Diversification of lists by maximal marginal relevance (MMR)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.ids import Id
from penchant.errors import UnsupportedError
from penchant.models._scoring.normalize import normalize
from penchant.models.base import Model
from penchant.models.capabilities import HasItemVectors


def rerank(
    scores: npt.ArrayLike, vectors: npt.NDArray[Any], k: int, diversity: float
) -> npt.NDArray[np.int64]:
    """Select k candidates by maximal marginal relevance.

    Each step selects the candidate with the largest ``(1 − d) · score − d · similarity``, where the
    score is scaled to 0…1 over all candidates, and the similarity is the largest cosine between the
    candidate's vector and those already selected (Carbonell & Goldstein 1998, "The use of MMR,
    diversity-based reranking for reordering documents and producing summaries").

    Parameters
    ----------
    scores
        Shape (n,): scores of the candidates, higher is better.
    vectors
        Shape (n, f): vectors of the candidates.
    k
        How many to select, 0 or more; all if there are fewer.
    diversity
        d, 0 (by score alone) to 1 (by similarity alone, after the first).

    Returns
    -------
    ndarray
        Indices of candidates, in the order of selection.

    Raises
    ------
    SettingsError
        If ``diversity`` is not in 0…1.
    """
    d = checks.check_float("diversity", diversity, 0, 1)
    relevance = _scaled(np.asarray(scores, dtype=np.float64))
    n = min(k, len(relevance))
    unit = normalize(vectors).astype(np.float64)
    nearest = np.zeros(len(relevance))
    selected = np.empty(n, dtype=np.int64)
    for step in range(n):
        value = (1 - d) * relevance - d * nearest
        value[selected[:step]] = -np.inf
        best = int(np.argmax(value)) if step else int(np.argmax(relevance))
        selected[step] = best
        similarity = unit @ unit[best]
        nearest = np.maximum(nearest, similarity) if step else similarity
    return selected


def item_vectors(model: Model, ids: Sequence[Id]) -> npt.NDArray[Any]:
    """Return the vectors of some items of a model: shape (n, f).

    Raises
    ------
    UnsupportedError
        If the model has no item vectors.
    """
    if not isinstance(model, HasItemVectors):
        raise UnsupportedError(
            f"a model of kind {model.kind!r} has no vectors to diversify a list by"
        )
    factors: npt.NDArray[Any] = model.item_factors
    return factors[model.items.codes(ids)]


def _scaled(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale scores to 0…1; all 1 where they are equal."""
    spread = np.ptp(scores) if len(scores) else 0.0
    return (scores - scores.min()) / spread if spread > 0 else np.ones_like(scores)
