"""What Ranking learns from: examples with their weights, likes, and items to compare with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.interactions import Interactions

_SMALLEST = np.float32(1e-30)  # a weight keeps its sign


def likes_of(rows: Csr) -> Csr:
    """The entries above 0."""
    liked = rows.values > 0
    if liked.all():
        return rows
    pointers = np.concatenate([[0], np.cumsum(liked, dtype=np.int64)])[rows.indptr]
    return Csr(pointers, rows.indices[liked], rows.values[liked], rows.n_columns)


def pool_of(data: Interactions, loss: str) -> npt.NDArray[np.int32]:
    """What negatives are drawn from: an entry each for BPR, an item with entries each else."""
    codes = data.csr.indices
    return codes if loss == "bpr" else np.unique(codes)


def weights_of(rows: Csr, trained: Csr, confidence: str) -> npt.NDArray[np.float32]:
    """The weights of examples, signed by the values; of mean size 1 over the training data."""
    if confidence == "binary":
        return np.sign(rows.values)
    size = _sizes(rows, confidence) / np.mean(_sizes(trained, confidence))
    return np.copysign(np.maximum(size.astype(np.float32), _SMALLEST), rows.values)


def _sizes(rows: Csr, confidence: str) -> npt.NDArray[np.float64]:
    sizes = np.abs(rows.values, dtype=np.float64)
    return np.log1p(sizes) if confidence == "log" else sizes
