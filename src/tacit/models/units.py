"""Vectors of length 1, by which cosines are dot products."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[Any]

_known: dict[int, tuple[weakref.ref[Vectors], Vectors]] = {}
"""Unit vectors by the identity of what they were made of, while that is there."""


def units(vectors: Vectors) -> Vectors:
    """Vectors of length 1, or 0 where they were so.

    Those of a file, which nobody can write to, are remembered: to divide all of them takes longer
    than to find the nearest.
    """
    if vectors.flags.writeable or not _is_of_a_file(vectors):
        return _divided(vectors)
    key = id(vectors)
    found = _known.get(key)
    if found is None or found[0]() is not vectors:
        forget = weakref.ref(vectors, lambda _: _known.pop(key, None))
        found = _known[key] = forget, _divided(vectors)
    return found[1]


def _is_of_a_file(array: Vectors) -> bool:
    base: object = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def _divided(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return out
