"""Facade of ``sparse_scores.hpp``: top-k lists and ranks of products of sparse matrices."""

from __future__ import annotations

from typing import NamedTuple

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64
from penchant._kernels.parallel import thread_count
from penchant._kernels.ranks import rank_arrays
from penchant._kernels.rows import Rows, native_rows
from penchant._kernels.sparse_product import SparseRows, native_matrix
from penchant._kernels.topk import TopKArrays


class SparseScores(NamedTuple):
    """Scores that are the product of two sparse matrices.

    ``validated``: whether both matrices are known to be valid; otherwise all rows are checked.
    """

    left: SparseRows
    """Queries × n."""

    right: SparseRows
    """n × items."""

    n_items: int
    validated: bool = False


def sparse_top_k(
    product: SparseScores,
    k: int,
    exclude: Rows | None = None,
    allow: Rows | None = None,
    *,
    nonzero: bool = False,
    threads: int | None = None,
) -> tuple[I64, I32, F32]:
    """Find the k best items of each query by a sparse product.

    Parameters
    ----------
    product
        The scores.
    k
        1 or more. Rows are shorter where there are fewer candidates.
    exclude, allow
        Rows (one for each query) of items that are no candidates, and of the only candidates.
    nonzero
        Whether items with a score of 0 are no candidates. A query's cost then does not depend on
        the number of items.
    threads
        The number of threads; the result has the same bits on any number of them.

    Returns
    -------
    tuple
        Row pointers, item codes and scores, best first; as :func:`factor_top_k`.

    Raises
    ------
    ValueError
        If rows don't lie within the indices, or don't hold rising columns that exist.
    """
    n_queries = len(product.left[0]) - 1
    lists = TopKArrays(n_queries, min(int(k), product.n_items))
    _native.sparse_top_k(
        native_matrix(product.left, "left"),
        native_matrix(product.right, "right"),
        n_items=product.n_items,
        exclude=native_rows(exclude, n_queries),
        allow=None if allow is None else native_rows(allow, n_queries),
        nonzero=nonzero,
        codes=lists.codes,
        scores=lists.scores,
        counts=lists.counts,
        validated=product.validated,
        threads=thread_count(threads),
    )
    return lists.ragged()


def sparse_ranks(
    product: SparseScores, targets: Rows, exclude: Rows | None = None, *, threads: int | None = None
) -> tuple[I32, I32, I64]:
    """Compute :func:`factor_ranks` for scores that are a sparse product."""
    n_queries = len(product.left[0]) - 1
    above, tied, candidates = rank_arrays(targets)
    _native.sparse_ranks(
        native_matrix(product.left, "left"),
        native_matrix(product.right, "right"),
        n_items=product.n_items,
        targets=native_rows(targets, n_queries),
        exclude=native_rows(exclude, n_queries),
        above=above,
        tied=tied,
        candidates=candidates,
        validated=product.validated,
        threads=thread_count(threads),
    )
    return above, tied, candidates
