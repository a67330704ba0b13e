"""Explanations of mixed scores: those of the parts, scaled as their scores are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.errors import UnsupportedError
from penchant.models.blend.query import ScoringQuery
from penchant.models.blend.routing import Router


def contributions(router: Router, row: Csr, item: int) -> npt.NDArray[np.float64]:
    """Return what each entry of a history adds to the score of an item.

    Parameters
    ----------
    router
        The parts of the blend, fitted.
    row
        The history, a single row.
    item
        The code of the item.

    Raises
    ------
    UnsupportedError
        If mixed scores are no sums over the history, or a part does not explain its own.
    """
    query = ScoringQuery(row)
    [chosen] = router.choices(query)
    parts = [router.parts[name] for name in chosen]
    if len(parts) == 1:
        return parts[0]._contributions(row, item)
    if router.fusion != "top-mean":
        raise UnsupportedError(
            f"a Blend with fusion={router.fusion!r} does not explain its scores, which are no "
            'sums over the history: give fusion="top-mean", or ask one of its parts, '
            f"blend.parts[{chosen[0]!r}].explain(…)"
        )
    weights = [router.weights[name] for name in chosen]
    scores = [query.scorer_for(part).dense(slice(0, 1)) for part in parts]
    total = np.zeros(len(row.indices))
    for part, factor in zip(parts, scales(weights, scores, row, item), strict=True):
        if factor:
            total += factor * part._contributions(row, item)
    return total


def scales(
    weights: Sequence[float], scores: Sequence[npt.NDArray[np.float32]], seen: Csr, item: int
) -> list[float]:
    """Return what the mixed score of an item multiplies the score of each part by: ``"top-mean"``.

    Parameters
    ----------
    weights
        Weights above 0.
    scores
        The scores of each part, float32, shape (1, n_items).
    seen
        The history, a single row.
    item
        The item; a part that does not score it gets 0.
    """
    rows = seen.indptr, seen.indices
    factors = []
    for weight, own in zip(weights, scores, strict=True):
        scaled = _kernels.fused_scores([own], [1.0], "top-mean", rows, threads=1)
        place = int(np.nanargmax(np.abs(own))) if np.isfinite(own[0, item]) else item
        largest = float(own.flat[place])
        factor = float(scaled.flat[place]) / largest if np.isfinite(largest) and largest else 0.0
        factors.append(factor * weight / sum(weights))
    return factors
