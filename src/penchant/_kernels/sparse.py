"""The kernels of sparse matrices: their products, made dense."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.common import F32, F64, I32, I64, as_native, thread_count

SparseRows = tuple[I64, I32, F32 | None]
"""Row pointers (shape (n_rows + 1,)), columns that rise within a row, and values; None: all 1."""


def sparse_gram(matrix: SparseRows, n_columns: int, *, threads: int | None = None) -> F64:
    """XᵀX on and below its diagonal, and 0 above it: float64, shape (n_columns, n_columns).

    Sums are in float64, in the order of the rows. Beside X it takes 12 bytes an entry.

    Parameters
    ----------
    matrix
        X; its row pointers begin with 0.
    n_columns
        How many columns X has.
    threads
        How many to use; the result is the same, bit for bit, on any number of them.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns below ``n_columns``.
    """
    matrix = _checked(matrix, "the matrix")
    if matrix[0][0] != 0:
        raise ValueError("the matrix: indptr must begin with 0")
    out = np.empty((n_columns, n_columns), dtype=np.float64)
    _native.sparse_gram(*matrix, out, thread_count(threads))
    return out


def sparse_product(
    left: SparseRows,
    right: SparseRows,
    n_columns: int,
    *,
    validated: bool = False,
    threads: int | None = None,
) -> F32:
    """The product of two matrices: float32, shape (rows of left, n_columns), summed in float32.

    Parameters
    ----------
    left, right
        Row pointers may begin anywhere: a part of them stands for those rows.
    n_columns
        How many columns the right matrix has.
    validated
        Whether rows and columns are known to be as they must: else all are looked at, each time.
    threads
        How many to use; the result is the same, bit for bit, on any number of them.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns that are there: below
        the number of right's rows in the left matrix, below ``n_columns`` in the right one.
    """
    left, right = _checked(left, "left"), _checked(right, "right")
    out = np.empty((len(left[0]) - 1, n_columns), dtype=np.float32)
    _native.sparse_product(*left, *right, validated, out, thread_count(threads))
    return out


def block_product(
    matrix: SparseRows,
    block: npt.NDArray[Any],
    *,
    validated: bool = False,
    threads: int | None = None,
) -> npt.NDArray[Any]:
    """Multiply a sparse matrix by a dense block; shape (rows of the matrix, width).

    Each column of the product is the same, bit for bit, whatever the other columns are.

    Parameters
    ----------
    matrix
        Row pointers may begin anywhere: a part of them stands for those rows.
    block
        Float32 or float64, shape (columns of the matrix, width); the product and its sums are of
        the same type.
    validated
        Whether rows and columns are known to be valid: otherwise all are checked in each call.
    threads
        How many to use; the result is the same, bit for bit, on any number of them.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns below the number of the
        block's rows.
    """
    indptr, indices, values = _checked(matrix, "the matrix")
    dtype = np.float64 if block.dtype == np.float64 else np.float32
    block = as_native(block, dtype, "block", None, None)
    out = np.empty((len(indptr) - 1, block.shape[1]), dtype=dtype)
    _native.block_product(indptr, indices, values, block, validated, out, thread_count(threads))
    return out


def _checked(matrix: SparseRows, name: str) -> SparseRows:
    indptr, indices, values = matrix
    indptr = as_native(indptr, np.int64, f"{name}: indptr", None)
    if not len(indptr):
        raise ValueError(f"{name}: indptr must hold one number at least")
    indices = as_native(indices, np.int32, f"{name}: indices", None)
    if values is not None:
        values = as_native(values, np.float32, f"{name}: values", len(indices))
    return indptr, indices, values
