"""Facade of ``sparse_product.hpp``: products of sparse matrices as dense matrices."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, F64, I32, I64, as_native
from penchant._kernels.parallel import thread_count

SparseRows = tuple[I64, I32, F32 | None]
"""Row pointers (shape (n_rows + 1,)), columns that rise within a row, values (None: all 1)."""


def sparse_gram(matrix: SparseRows, n_columns: int, *, threads: int | None = None) -> F64:
    """Compute the lower triangle of XᵀX, with 0 above it: float64, shape (n_columns, n_columns).

    Sums are in float64, in the order of the rows. It takes 12 bytes per entry of X meanwhile.

    Parameters
    ----------
    matrix
        X; its row pointers begin with 0.
    n_columns
        The number of columns of X.
    threads
        The number of threads; the result is the same, bit for bit, on any number.

    Raises
    ------
    ValueError
        If rows do not lie within the indices, or columns do not rise or are not below
        ``n_columns``.
    """
    if len(matrix[0]) and matrix[0][0] != 0:
        raise ValueError("the matrix: indptr must begin with 0")
    X = native_matrix(matrix, "the matrix")
    out = np.empty((n_columns, n_columns), dtype=np.float64)
    _native.sparse_gram(X, out=out, threads=thread_count(threads))
    return out


def sparse_product(
    left: SparseRows,
    right: SparseRows,
    n_columns: int,
    *,
    validated: bool = False,
    threads: int | None = None,
) -> F32:
    """Multiply two matrices: float32, shape (rows of left, n_columns), summed in float32.

    Parameters
    ----------
    left, right
        Row pointers may begin anywhere: a slice of them stands for those rows.
    n_columns
        The number of columns of the right matrix.
    validated
        Whether rows and columns were checked before; else they are checked here.
    threads
        The number of threads; the result is the same, bit for bit, on any number.

    Raises
    ------
    ValueError
        If rows do not lie within the indices, or columns do not rise or are out of range: below
        the number of right's rows in the left matrix, below ``n_columns`` in the right one.
    """
    A, B = native_matrix(left, "left"), native_matrix(right, "right")
    out = np.empty((len(left[0]) - 1, n_columns), dtype=np.float32)
    _native.sparse_product(A, B, validated=validated, out=out, threads=thread_count(threads))
    return out


def native_matrix(matrix: SparseRows, name: str) -> _native.SparseMatrix:
    """Convert a sparse matrix; errors have its name."""
    indptr, indices, values = matrix
    indptr = as_native(indptr, np.int64, f"{name}: indptr", None)
    if not len(indptr):
        raise ValueError(f"{name}: indptr must hold one number at least")
    indices = as_native(indices, np.int32, f"{name}: indices", None)
    if values is not None:
        values = as_native(values, np.float32, f"{name}: values", len(indices))
    return _native.SparseMatrix(indptr, indices, values)
