"""Facade of ``elastic_net.hpp``: regressions of columns on other columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, F64, I32, I64, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.sparse_product import SparseRows, native_matrix


class ElasticNet(NamedTuple):
    """Over w with w_j = 0, minimize ½‖x_j − Xw‖² + ½ Σ_i l2_i w_i² + l1 ‖w‖₁ for a column j."""

    l1: float
    """0 or more."""

    l2: F64
    """Shape (n_columns,), above 0."""

    nonnegative: bool = False
    """Whether weights are 0 or more."""

    max_candidates: int | None = None
    """The most similar columns, by |g_ij| / √g_ii, that may have weights; None: all columns."""

    tolerance: float = 1e-4
    """The duality gap at which a column is solved, relative to ½‖x_j‖²."""

    max_sweeps: int = 1000
    """Sweeps of coordinate descent through the weights of a column, at most."""


def elastic_net(
    gram: SparseRows,
    problem: ElasticNet,
    columns: range,
    *,
    gram_nonnegative: bool = False,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I64, I32, F32, int]:
    """Solve some columns of an elastic net by coordinate descent.

    Parameters
    ----------
    gram
        XᵀX, both triangles, shape (n_columns, n_columns).
    problem
        The penalties and the accuracy.
    columns
        The columns to solve, one after the other.
    gram_nonnegative
        Whether no entry of ``gram`` is negative; weights of 0 are then recognized beforehand.
    validated
        Whether rows and columns are known to be valid; otherwise all are checked.
    threads
        The number of threads; the result has the same bits on any number of them.

    Returns
    -------
    tuple
        Row pointers, rising indices and weights, a row for each of ``columns``; and the number of
        columns that were not solved within ``max_sweeps``.

    Raises
    ------
    ValueError
        If arrays or columns do not fit, or ``gram`` has no values.
    """
    n = len(gram[0]) - 1
    if gram[2] is None or not (0 <= columns.start <= columns.stop <= n and columns.step == 1):
        raise ValueError(f"gram needs values, and {columns} must lie within its {n} rows")
    solution = _native.ElasticNetWeights(
        native_matrix(gram, "gram"),
        as_native(problem.l2, np.float64, "l2", n),
        l1=problem.l1,
        nonnegative=problem.nonnegative,
        gram_nonnegative=gram_nonnegative,
        max_candidates=problem.max_candidates or 0,
        tolerance=problem.tolerance,
        max_sweeps=problem.max_sweeps,
        begin=columns.start,
        end=columns.stop,
        validated=validated,
        threads=thread_count(threads),
    )
    indptr = np.empty(len(columns) + 1, dtype=np.int64)
    indices = np.empty(solution.n_entries, dtype=np.int32)
    weights = np.empty(solution.n_entries, dtype=np.float32)
    solution.write(indptr=indptr, indices=indices, values=weights)
    return indptr, indices, weights, solution.n_unfinished
