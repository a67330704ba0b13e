"""The training examples of Ranking: likes, their weights, and items to compare them with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.decay import Recency
from penchant.data.interactions import Interactions
from penchant.models._inputs import Confidence
from penchant.models._outline import Outline, met_items

_SMALLEST = np.float32(1e-30)  # a smaller weight could become 0, which has no sign


def likes_of(rows: Csr) -> Csr:
    """Return the entries above 0."""
    liked = rows.values > 0
    if liked.all():
        return rows
    pointers = np.concatenate([[0], np.cumsum(liked, dtype=np.int64)])[rows.indptr]
    return Csr(pointers, rows.indices[liked], rows.values[liked], rows.n_columns)


def pool_of(data: Interactions, loss: str) -> npt.NDArray[np.int32]:
    """Return the items that negatives are drawn from.

    Under BPR an item occurs once per interaction, so that frequent items are drawn more often;
    under other losses once.
    """
    if isinstance(data, Outline):  # a model of BPR is not saved without its interactions
        return np.flatnonzero(met_items(data)).astype(np.int32)
    codes = data.csr.indices
    return codes if loss == "bpr" else np.unique(codes)


def weights_of(
    rows: Csr, trained: Csr | float, confidence: Confidence, recency: Recency | None = None
) -> npt.NDArray[np.float32]:
    """Compute the weights of examples, signed by the values.

    Parameters
    ----------
    rows
        The examples.
    trained
        The training data, over which the mean absolute weight is 1; or their :func:`mean_size`.
    confidence
        How weights grow with the values: ``"binary"``, ``"linear"`` or ``"log"``.
    recency
        How weights decay with age; None: they don't.
    """
    if confidence == "binary" and recency is None:
        return np.sign(rows.values)
    if isinstance(trained, Csr):
        trained = mean_size(trained, confidence, recency)
    size = _sizes(rows, confidence, recency) / trained
    return np.copysign(np.maximum(size.astype(np.float32), _SMALLEST), rows.values)


def mean_size(trained: Csr, confidence: Confidence, recency: Recency | None) -> float:
    """Return the mean size of the training examples, before they are divided by it."""
    return float(np.mean(_sizes(trained, confidence, recency)))


def _sizes(rows: Csr, confidence: Confidence, recency: Recency | None) -> npt.NDArray[np.float64]:
    sizes = np.abs(rows.values, dtype=np.float64)
    if confidence == "log":
        sizes = np.log1p(sizes)
    elif confidence == "binary":
        sizes = np.ones_like(sizes)
    ages = None if recency is None else recency.weights(rows)
    return sizes if ages is None else sizes * ages
