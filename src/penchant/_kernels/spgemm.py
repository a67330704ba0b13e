"""Facade of ``spgemm.hpp``: products of sparse matrices as sparse matrices."""

from __future__ import annotations

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native
from penchant._kernels.parallel import thread_count
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.sparse_product import SparseRows, native_matrix


def spgemm(
    left: SparseRows,
    right: SparseRows,
    n_columns: int,
    *,
    exclude: Rows | None = None,
    max_entries: int | None = None,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I64, I32, F32] | None:
    """Multiply two sparse matrices: row pointers, rising columns and values, without zeros.

    Sums are in float32, in the order of the left row's columns, as in
    :func:`penchant._kernels.sparse_product`.

    Parameters
    ----------
    left, right
        Row pointers may begin anywhere: a part of them stands for those rows.
    n_columns
        The number of columns of the right matrix.
    exclude
        Entries to leave out, a row for each row of left.
    max_entries
        The most entries of the product; None: any number.
    validated
        Whether rows and columns are known to be valid; otherwise all are checked.
    threads
        The number of threads; the result has the same bits on any number of them.

    Returns
    -------
    tuple or None
        int64, int32 and float32 arrays; None if there are more than ``max_entries``.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns that exist.
    """
    limit = np.iinfo(np.int64).max if max_entries is None else max_entries
    n_rows = len(left[0]) - 1
    product = _native.SparseProduct(
        native_matrix(left, "left"),
        native_matrix(right, "right"),
        n_columns=n_columns,
        exclude=native_rows(exclude, n_rows),
        max_entries=limit,
        validated=validated,
        threads=thread_count(threads),
    )
    return None if product.n_entries > limit else _taken(product, n_rows)


def nonzero_entries(dense: F32, *, threads: int | None = None) -> tuple[I64, I32, F32]:
    """Return a dense matrix without its zeros: row pointers, rising columns and values."""
    dense = as_native(dense, np.float32, "dense", None, None)
    product = _native.SparseProduct(dense, threads=thread_count(threads))
    return _taken(product, len(dense))


def symmetric_product(
    left: SparseRows, right: SparseRows, ratios: F32 | None, *, threads: int | None = None
) -> F32 | None:
    """Multiply matrices whose product is symmetric but for scales, in half the additions.

    Parameters
    ----------
    left, right
        A D B (n rows) and Bᵀ C, for diagonal A, C and D; the entries of the one are those of the
        other transposed. They are not checked: the caller made the one from the other.
    ratios
        float32, shape (n,): a / c of each row; None: all are equal.
    threads
        The number of threads; the result has the same bits on any number of them.

    Returns
    -------
    ndarray or None
        float32, shape (n, n), zeros on the diagonal; None where an ordinary product is faster, or
        this one takes more than 64 MiB.
    """
    A, B, n = native_matrix(left, "left"), native_matrix(right, "right"), len(left[0]) - 1
    if not _native.symmetric_product_pays(A, B):
        return None
    out = np.empty((n, n), dtype=np.float32)
    _native.symmetric_product(A, B, ratios=ratios, out=out, threads=thread_count(threads))
    return out


def _taken(product: _native.SparseProduct, n_rows: int) -> tuple[I64, I32, F32]:
    columns = np.empty(product.n_entries, dtype=np.int32)
    values = np.empty(product.n_entries, dtype=np.float32)
    indptr = np.empty(n_rows + 1, dtype=np.int64)
    product.take(indptr=indptr, columns=columns, values=values)
    return indptr, columns, values
