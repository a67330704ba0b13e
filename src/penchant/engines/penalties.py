"""Penalties of factors in the training loss, in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant.engines.base import F64, Factors, Penalties

_ROWS = 1024  # converted to float64 at a time


def penalty_of(regularization: Penalties, factors: Factors) -> float:
    """Compute Σ λ_r ‖x_r‖² over rows with these λ, shape (n,), and factors, shape (n, f)."""
    total = 0.0
    for first in range(0, len(factors), _ROWS):
        rows = slice(first, first + _ROWS)
        squares = np.square(factors[rows], dtype=np.float64).sum(axis=1)
        total += float(regularization[rows] @ squares)
    return total


def prior_penalty_of(
    regularization: Penalties, factors: Factors, means: F64, nonempty: npt.NDArray[np.bool_]
) -> float:
    """Compute Σ λ_r (‖x_r − m_r‖² − ‖x_r‖²) over the rows with entries.

    Parameters
    ----------
    regularization, factors
        λ of each row, shape (n,), and their factors, shape (n, f).
    means
        Their prior means, shape (n, f).
    nonempty
        Which rows have entries, shape (n,).
    """
    change = (means * (means - 2 * factors.astype(np.float64))).sum(axis=1)[nonempty]
    return float(regularization[nonempty] @ change)
