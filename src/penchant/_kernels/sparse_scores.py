"""The kernels of products of sparse matrices: as a sparse matrix, as top-k lists, as ranks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant._kernels.common import F32, I32, I64, as_native, thread_count
from penchant._kernels.scores import (
    Rows,
    _optional,
    _ragged,
    _rank_arrays,
    _row_lists,
    _top_k_arrays,
)
from penchant._kernels.sparse import SparseRows, _checked


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
    left, right = _checked(left, "left"), _checked(right, "right")
    limit = np.iinfo(np.int64).max if max_entries is None else max_entries
    n_rows = len(left[0]) - 1
    product = _native.SparseProduct(
        *left,
        *right,
        n_columns,
        *_row_lists(exclude, n_rows),
        limit,
        validated,
        thread_count(threads),
    )
    return None if product.n_entries > limit else _taken(product, n_rows)


def nonzero_entries(dense: F32, *, threads: int | None = None) -> tuple[I64, I32, F32]:
    """Return a dense matrix without its zeros: row pointers, rising columns and values."""
    dense = as_native(dense, np.float32, "dense", None, None)
    return _taken(_native.SparseProduct(dense, thread_count(threads)), len(dense))


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
    left, right = _checked(left, "left"), _checked(right, "right")
    if not _native.symmetric_product_pays(*left[:2], *right[:2]):
        return None
    n = len(left[0]) - 1
    out = np.empty((n, n), dtype=np.float32)
    _native.symmetric_product(*left, *right, ratios, out, thread_count(threads))
    return out


def sparse_top_k(
    left: SparseRows,
    right: SparseRows,
    n_items: int,
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    nonzero: bool = False,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """Return the k best items of each query by left · right, as :func:`factor_top_k` does.

    Parameters
    ----------
    left, right
        Queries × n and n × items.
    n_items
        The number of columns of the right matrix.
    k
        1 or more. Rows are shorter where there are fewer candidates.
    exclude, allow
        Rows (one for each query) of items that are no candidates, and of the only candidates.
    nonzero
        Whether items with a score of 0 are no candidates. A query's cost then does not depend on
        the number of items.
    validated
        Whether both matrices are known to be valid; otherwise all rows are checked.
    threads
        The number of threads; the result has the same bits on any number of them.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns that exist.
    """
    left, right = _checked(left, "left"), _checked(right, "right")
    m = len(left[0]) - 1
    codes, scores, counts = _top_k_arrays(m, min(int(k), n_items))
    _native.sparse_top_k(
        *left,
        *right,
        n_items,
        *_row_lists(exclude, m),
        *_optional(allow, m),
        nonzero,
        codes,
        scores,
        counts,
        validated,
        thread_count(threads),
    )
    return _ragged(codes, scores, counts)


def sparse_ranks(
    left: SparseRows,
    right: SparseRows,
    n_items: int,
    targets: Rows,
    exclude: Rows | None = None,
    *,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I32, I32, npt.NDArray[np.int64]]:
    """Return the ranks of targets by left · right: above, tied, candidates.

    See :func:`factor_ranks` for the result, and :func:`sparse_top_k` for the arguments.
    """
    left, right = _checked(left, "left"), _checked(right, "right")
    m = len(left[0]) - 1
    above, tied, candidates = _rank_arrays(targets)
    _native.sparse_ranks(
        *left,
        *right,
        n_items,
        *_row_lists(targets, m),
        *_row_lists(exclude, m),
        above,
        tied,
        candidates,
        validated,
        thread_count(threads),
    )
    return above, tied, candidates


def _taken(product: _native.SparseProduct, n_rows: int) -> tuple[I64, I32, F32]:
    columns = np.empty(product.n_entries, dtype=np.int32)
    values = np.empty(product.n_entries, dtype=np.float32)
    indptr = np.empty(n_rows + 1, dtype=np.int64)
    product.take(indptr, columns, values)
    return indptr, columns, values
