"""How dense interactions are where most of them lie, for defaults that depend on it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr


def mean_degree(X: Csr) -> float:
    """Return √(d_U · d_I); 0 without interactions.

    d_U is the mean over interactions of the number of interactions of their user, Σ n_u² / Σ n_u,
    and d_I that of their item. Items with a single interaction, of which there are often many,
    hardly change it.
    """
    columns = np.bincount(X.indices, minlength=X.n_columns)
    return math.sqrt(_mean(X.row_counts) * _mean(columns))


def effective_size(X: Csr) -> float:
    """Return nnz / √(d_U · d_I), see :func:`mean_degree`; 0 without interactions.

    It is √(users × items) if all users, and all items, have the same number of interactions.
    """
    degree = mean_degree(X)
    return X.nnz / degree if degree else 0.0


def _mean(counts: npt.NDArray[np.integer]) -> float:
    sizes = counts.astype(np.float64)
    return float(sizes @ sizes) / max(float(sizes.sum()), 1.0)
