"""Explanations of ALS scores: the contribution of each item of a history."""

from __future__ import annotations

import numpy as np

from penchant._blas import one_blas_thread
from penchant.data.csr import Csr
from penchant.engines.base import F64
from penchant.errors import NumericError, UnsupportedError
from penchant.models.als.objective import Weights
from penchant.models.als.state import USERS, State

_SINGULAR = 1e-13  # eigenvalues below this share of the largest count as 0


def contributions(row: Csr, item: int, state: State, weights: Weights) -> F64:
    """Compute what each entry of a history adds to a score (Hu et al. 2008, section 5).

    Parameters
    ----------
    row
        The history, one row with n entries.
    item
        The code of the item i that is scored.
    state, weights
        The trained factors and the weights of the objective.

    Returns
    -------
    ndarray
        c_uj p_uj · y_jᵀ A_u⁻¹ y_i of every entry j, shape (n,). They add up to the score.

    Raises
    ------
    UnsupportedError
        If the users have a prior, which adds to the score without any entry.
    """
    if state.users.prior is not None:
        raise UnsupportedError(
            "a part of these scores comes from the features of users, which the items of a "
            "history do not explain: fit without user features to explain scores"
        )
    weighed, unobserved = weights.weigh(row), weights.unobserved
    confidence_delta = weighed.values.astype(np.float64)
    eigenvalues, Q = state.items.spectrum
    y = state.items.vectors[row.indices].astype(np.float64)
    target = state.items.vectors[item].astype(np.float64)
    penalty = weights.penalties(weighed, USERS)[0]
    A = (Q * (unobserved * eigenvalues + penalty)) @ Q.T
    A = A + (y.T * np.abs(confidence_delta)) @ y
    solution = _solve(A, target, penalty)
    c = unobserved + np.abs(confidence_delta)
    return np.where(confidence_delta > 0, c * (y @ solution), 0.0)


def _solve(A: F64, target: F64, penalty: float) -> F64:
    """Solve A x = target, by least squares where A is singular."""
    with one_blas_thread():
        try:
            if penalty > _SINGULAR * np.trace(A):  # no eigenvalue is smaller
                return np.asarray(np.linalg.solve(A, target))  # takes a tenth of lstsq
            return np.asarray(np.linalg.lstsq(A, target, rcond=_SINGULAR)[0])
        except np.linalg.LinAlgError as error:
            raise NumericError(
                f"the system of this history has no solution in float64 ({error}): its values or "
                "the vectors of its items are too large"
            ) from error
