"""The coordinates of half steps whose rows all have the same λ: those of a Cholesky factor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from penchant._blas import one_blas_thread
from penchant.engines.base import F64, Penalties

WHITENED_FROM = 192
"""The number of factors from which a Cholesky factor is faster than eigenvectors.

Below, the eigenproblem is small, and rotating a side in place costs less than a copy of it.
"""

LIMIT = 100.0
"""The largest inflation that factors are whitened at.

In float32 the error of solutions relative to the largest, over random problems, was at most
5·10⁻⁵ up to here, as in coordinates of eigenvectors, and 10⁻³ at 5,000. Factors of trainings had
an inflation of 1 to 8; that of fewer rows than factors with λ near 0 is far above.
"""

_SMALL = 64  # rows of a triangle that is inverted as any matrix


class Whitening(NamedTuple):
    """The factorization A = LLᵀ of the shared part A = α0 YᵀY + λI of the row systems.

    Attributes
    ----------
    factor, inverse
        L and its inverse, lower triangular, shape (f, f).
    inflation
        The largest A_jj (A⁻¹)_jj, the variance inflation factor: by how much the sum of squares of
        a factor exceeds that of its part which the other factors do not explain. Rounding errors
        of the factors are multiplied by its root in W, and once more in the solutions.
    """

    factor: F64
    inverse: F64
    inflation: float


def common_regularization(regularization: Penalties) -> float | None:
    """Return the λ > 0 that all rows have; None if they differ, or if it is 0."""
    if not len(regularization):
        return None
    first = float(regularization[0])
    return first if first > 0 and bool((regularization == first).all()) else None


def whitening_of_gram(
    gram: F64, unobserved_weight: float, regularization: float
) -> Whitening | None:
    """Factorize α0 YᵀY + λI on one thread; None where it is singular or too near to it."""
    shared = unobserved_weight * gram
    if not np.isfinite(shared.sum()):
        return None
    shared.flat[:: len(shared) + 1] += regularization
    with one_blas_thread():
        try:
            factor: F64 = np.linalg.cholesky(shared).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            return None
        inverse = _inverse_of_triangle(factor)
    inflation = float((np.square(inverse).sum(axis=0) * shared.diagonal()).max())
    return Whitening(factor, inverse, inflation) if inflation <= LIMIT else None


def _inverse_of_triangle(lower: F64) -> F64:
    """Invert a lower triangular matrix by halves: nearly all of it are products.

    NumPy has no routine for it, and importing SciPy's would take as long as a short fit.
    """
    n = len(lower)
    if n <= _SMALL:
        return np.tril(np.linalg.inv(lower))
    half = n // 2
    out = np.zeros_like(lower)
    out[:half, :half] = first = _inverse_of_triangle(lower[:half, :half])
    out[half:, half:] = second = _inverse_of_triangle(lower[half:, half:])
    out[half:, :half] = -(second @ (lower[half:, :half] @ first))
    return out
