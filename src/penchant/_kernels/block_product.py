"""Facade of ``block_product.hpp``: products of a sparse matrix with a dense block."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.arrays import as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.sparse_product import SparseRows, native_matrix


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
        Row pointers may begin anywhere: a slice of them stands for those rows.
    block
        Float32 or float64, shape (columns of the matrix, width); the product and its sums are of
        the same type.
    validated
        Whether rows and columns were checked before; else they are checked here.
    threads
        The number of threads; the result is the same, bit for bit, on any number.

    Raises
    ------
    ValueError
        If rows do not lie within the indices, or columns do not rise or are not below the number
        of the block's rows.
    """
    A = native_matrix(matrix, "the matrix")
    dtype = np.float64 if block.dtype == np.float64 else np.float32
    block = as_native(block, dtype, "block", None, None)
    out = np.empty((len(matrix[0]) - 1, block.shape[1]), dtype=dtype)
    _native.block_product(A, block, validated=validated, out=out, threads=thread_count(threads))
    return out
