"""Rows that float32 can't solve: their weights differ by too many orders of magnitude.

The relative error of a row's solution is about the rounding error times the condition of its
system, which grows with the largest weight over the weight that all cells have, α0 + λ. From a
ratio of 2·10⁴ on, a float32 solution is off by more than 0.001, at 10⁶ by 0.03 (scores are about 0
to 1). Rows with fewer entries than factors are solved in another form, which keeps its precision.
Such rows are solved again in float64; there are none in data of the usual range, whose results stay
as they are, bit for bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.engines.base import Factors, Penalties, Spectrum
from penchant.engines.feature_prior import PRIOR_WEIGHT

_EACH_BY_ITSELF = np.zeros(1, dtype=np.int64)
"""Row pointers of no rows: a solution does not depend on which rows are solved with it."""

RATIO = 2e4
"""The ratio of a row's largest weight to α0 + λ from which it is solved in float64."""


def wide_rows(
    rows: Csr, regularization: Penalties, unobserved_weight: float, f: int
) -> npt.NDArray[np.int64]:
    """Return the rows whose system float32 can't solve, rising.

    Parameters
    ----------
    rows, regularization, unobserved_weight
        As for :meth:`penchant.engines.base.Engine.load_rows` and ``fold_in``; the entries that
        stand for prior means are left out of account.
    f
        The number of factors.
    """
    smallest = RATIO * (unobserved_weight + (regularization.min() if len(regularization) else 0.0))
    if not rows.nnz or max(rows.values.max(), -rows.values.min()) <= smallest:
        return np.empty(0, dtype=np.int64)
    large = np.flatnonzero(np.abs(rows.values) > smallest)
    large = large[rows.values[large] != np.float32(PRIOR_WEIGHT)]
    row = np.searchsorted(rows.indptr, large, side="right") - 1
    bound = RATIO * (unobserved_weight + regularization[row])
    wide = np.unique(row[np.abs(rows.values[large]) > bound])
    return np.asarray(wide[rows.row_counts[wide] >= f])


def wide_rows_of(
    factors: Factors, rows: Csr, regularization: Penalties, unobserved_weight: float
) -> npt.NDArray[np.int64]:
    """Return :func:`wide_rows` for the type and the number of these factors; none in float64."""
    if factors.dtype == np.float64:
        return np.empty(0, dtype=np.int64)
    return wide_rows(rows, regularization, unobserved_weight, factors.shape[1])


def solve_wide_rows(
    solutions: Factors,
    rows: Csr,
    which: npt.NDArray[np.int64],
    fixed: Factors,
    spectrum: Spectrum,
    regularization: Penalties,
    *,
    unobserved_weight: float,
    threads: int,
) -> None:
    """Solve some rows exactly in float64, and write them to the solutions.

    Parameters
    ----------
    solutions
        Shape (m, f).
    rows
        All m rows.
    which
        The rows to solve.
    fixed
        The factors of the columns; converted to float64 where these rows use them.
    spectrum
        The spectrum of the fixed side, in the coordinates of ``fixed``.
    regularization, unobserved_weight, threads
        As for :func:`penchant._kernels.fold_in`; the first holds λ of all rows.
    """
    if not len(which):
        return
    part = rows.take_rows(which)
    used, columns = np.unique(part.indices, return_inverse=True)
    few = Csr(part.indptr, columns.astype(np.int32), part.values, len(used))
    solutions[which] = _kernels.fold_in(
        _kernels.weighted_rows(
            few.indptr, few.indices, few.values, len(used), whole=_EACH_BY_ITSELF
        ),
        fixed[used].astype(np.float64),
        spectrum,
        _kernels.row_objective(regularization[which], unobserved_weight=unobserved_weight),
        threads=threads,
    )
