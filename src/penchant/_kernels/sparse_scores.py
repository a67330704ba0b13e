"""Facade of ``sparse_scores.hpp``: top-k lists and ranks of products of sparse matrices."""

from __future__ import annotations

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64
from penchant._kernels.parallel import thread_count
from penchant._kernels.ranks import rank_arrays
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.sparse_product import SparseRows, native_matrix
from penchant._kernels.topk import TopKArrays


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
    n_queries = len(left[0]) - 1
    lists = TopKArrays(n_queries, min(int(k), n_items))
    _native.sparse_top_k(
        native_matrix(left, "left"),
        native_matrix(right, "right"),
        n_items=n_items,
        exclude=native_rows(exclude, n_queries),
        allow=None if allow is None else native_rows(allow, n_queries),
        nonzero=nonzero,
        codes=lists.codes,
        scores=lists.scores,
        counts=lists.counts,
        validated=validated,
        threads=thread_count(threads),
    )
    return lists.ragged()


def sparse_ranks(
    left: SparseRows,
    right: SparseRows,
    n_items: int,
    targets: Rows,
    exclude: Rows | None = None,
    *,
    validated: bool = False,
    threads: int | None = None,
) -> tuple[I32, I32, I64]:
    """Return the ranks of targets by left · right: above, tied, candidates.

    See :func:`factor_ranks` for the result, and :func:`sparse_top_k` for the arguments.
    """
    n_queries = len(left[0]) - 1
    above, tied, candidates = rank_arrays(targets)
    _native.sparse_ranks(
        native_matrix(left, "left"),
        native_matrix(right, "right"),
        n_items=n_items,
        targets=native_rows(targets, n_queries),
        exclude=native_rows(exclude, n_queries),
        above=above,
        tied=tied,
        candidates=candidates,
        validated=validated,
        threads=thread_count(threads),
    )
    return above, tied, candidates
