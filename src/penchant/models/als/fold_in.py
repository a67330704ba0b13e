"""Fold-in: exact vectors of new rows, with the factors of the other side fixed."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant.data.csr import Csr
from penchant.engines.base import F64, Engine, Factors
from penchant.engines.feature_prior import with_means
from penchant.models.als.objective import Weights
from penchant.models.als.state import State


def fold_in(
    engine: Engine[Any, Any],
    rows: Csr,
    *,
    side: int,
    state: State,
    weights: Weights,
    means: F64 | None = None,
) -> Factors:
    """Solve some rows exactly, at the cost of the columns they use.

    Parameters
    ----------
    engine
        The engine that solves them.
    rows
        m rows of interactions with the entries of the other side.
    side
        The side of the rows, ``USERS`` or ``ITEMS``.
    state, weights
        The trained factors and the weights of the objective.
    means
        The prior means of the rows, shape (m, f), if the side has a prior; None: those of rows
        without features.

    Returns
    -------
    ndarray
        Shape (m, f); empty rows are zero, or their prior mean.
    """
    fixed, prior = state[1 - side], state[side].prior
    weighed = weights.weigh(rows)
    used, indices = np.unique(weighed.indices, return_inverse=True)
    few = Csr(weighed.indptr, indices.astype(np.int32), weighed.values, len(used))
    penalties, factors = weights.penalties(weighed, side), fixed.vectors[used]
    if prior is not None:
        means = prior.predict_rows([()] * rows.n_rows) if means is None else means
        few, factors = with_means(few, factors, means, penalties, weights.unobserved)
    solutions = engine.fold_in(
        rows=few,
        fixed=factors,
        spectrum=fixed.spectrum,
        regularization=penalties,
        unobserved_weight=weights.unobserved,
    )
    if prior is not None and means is not None:
        empty = rows.row_counts == 0
        solutions[empty] = means[empty]
    return solutions
