"""Facade of ``fused_scores.hpp``: scores of several models on one scale, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows

FUSIONS: Mapping[str, _native.Fusion] = {
    "none": _native.Fusion.none,
    "z-score": _native.Fusion.z_score,
    "min-max": _native.Fusion.min_max,
    "rank": _native.Fusion.rank,
    "top-mean": _native.Fusion.top_mean,
}
"""Name → how scores are brought to one scale; "none": they stay as they are."""


def fused_scores(
    parts: Sequence[F32],
    weights: Sequence[float],
    fusion: str,
    seen: Rows | None = None,
    *,
    threads: int | None = None,
) -> F32:
    """Add up the scaled scores of several models: float32, shape (m, n).

    Cells that no part scores are NaN. Sums are in float64, in the order of the parts.

    Parameters
    ----------
    parts
        One or more score matrices, float32, shape (m, n); NaN or ±∞ where an item is not scored.
    weights
        The weight of each part.
    fusion
        A key of :data:`FUSIONS`; scores are scaled by the items of a row that a part scores and
        that are not in ``seen``.
    seen
        Rows (one for each query) of items; None: none.
    threads
        The number of threads; the result has the same bits on any number of them.

    Raises
    ------
    ValueError
        If shapes differ, or rows don't hold rising columns that exist.
    """
    first = as_native(parts[0], np.float32, "parts", None, None)
    arrays = [first, *(as_native(part, np.float32, "parts", *first.shape) for part in parts[1:])]
    out = np.empty(first.shape, dtype=np.float32)
    _native.fused_scores(
        arrays,
        [float(weight) for weight in weights],
        seen=native_rows(seen, len(first)),
        fusion=FUSIONS[fusion],
        out=out,
        threads=thread_count(threads),
    )
    return out
