"""Vectors of length 1, by which cosines are dot products."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.models._scoring.frozen import cached

Vectors = npt.NDArray[Any]


def normalize(vectors: Vectors) -> Vectors:
    """Vectors of length 1, or 0 where they were so.

    Those of a model that stays as it is are kept: to divide all of them takes longer than to find
    the nearest.
    """
    return cached(vectors, _divided)


def _divided(vectors: Vectors) -> Vectors:
    lengths = np.sqrt(np.vecdot(vectors, vectors))[:, None]  # norm would make squares of all
    out: Vectors = np.zeros(vectors.shape, vectors.dtype)  # pages come when they are written
    np.divide(vectors, lengths, out=out, where=lengths > 0)
    return out
