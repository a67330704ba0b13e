"""Facade of ``ranking.hpp``: epochs of learning to rank, and folding in new people."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from penchant import _native
from penchant._kernels.arrays import F32, I32, I64, as_native

RankingSettings = _native.RankingSettings
RankingFoldIn = _native.RankingFoldIn

RANKING_LOSSES = {
    "warp": _native.RankingLoss.warp,
    "bpr": _native.RankingLoss.bpr,
    "logistic": _native.RankingLoss.logistic,
    "k-os-warp": _native.RankingLoss.k_os_warp,
}


class RankingSide(NamedTuple):
    """The trained tables of users or of items, one row per feature.

    The tables are as :func:`ranking_table` makes them. ``steps`` is None except for AdaDelta.
    ``features`` are the rows of the users or items over the features and their weights (indptr,
    indices, values); None: each has one feature, its own. ``regularization`` is that of L2.
    """

    vectors: F32
    squares: F32
    steps: F32 | None
    features: tuple[I64, I32, F32] | None
    regularization: float


def ranking_table(rows: F32, fill: float) -> F32:
    """Copy rows, each padded with ``fill`` to whole vectors of the instruction set in use."""
    n, columns = rows.shape
    granule = _native.ranking_granule()
    table = np.full((n, -(-columns // granule) * granule), fill, dtype=np.float32)
    table[:, :columns] = rows
    return table


def ranking_epoch(
    examples: tuple[I32, I32, F32],
    likes: tuple[I64, I32],
    pool: I32,
    users: RankingSide,
    items: RankingSide,
    settings: RankingSettings,
    *,
    threads: int,
) -> float:
    """Train one epoch; ``vectors``, ``squares`` and ``steps`` are updated in place.

    Parameters
    ----------
    examples
        Codes of users and items, and weights, negative for dislikes; each of shape (n,).
    likes
        Each user's liked items, rising: row pointers and codes.
    pool
        The items that negatives are drawn from.
    users, items
        The tables.
    settings
        The settings; ``seed`` is that of this epoch.
    threads
        The number of threads; unless ``hogwild``, the result does not depend on it.

    Returns
    -------
    float
        The sum of the losses of the examples, each at the vectors that its gradient was computed
        for.
    """
    n_users, n_items = _n_rows(users), _n_rows(items)
    user_codes = _codes(examples[0], n_users, "users")
    item_codes = _codes(examples[1], n_items, "items")
    if len(user_codes) != len(item_codes):
        raise ValueError(f"{len(user_codes)} users for {len(item_codes)} items")
    weights = as_native(examples[2], np.float32, "weights", len(user_codes))
    pointers = as_native(likes[0], np.int64, "likes", n_users + 1)
    liked = _codes(_validated(pointers, likes[1]), n_items, "likes")
    return _native.ranking_epoch(
        _native.RankingExamples(user_codes, item_codes, weights),
        likes=_native.Rows(pointers, liked),
        pool=_codes(pool, n_items, "pool"),
        users=_native_side(users, settings.factors),
        items=_native_side(items, settings.factors),
        settings=settings,
        threads=threads,
    )


def ranking_fold_in(
    histories: tuple[I64, I32, F32],
    pool: I32,
    items: F32,
    start: F32,
    fold_in: RankingFoldIn,
    settings: RankingSettings,
    *,
    threads: int,
) -> F32:
    """Train the vectors of new people on their histories, with the items fixed.

    Parameters
    ----------
    histories
        Row pointers, item codes and weights, negative for dislikes.
    pool
        The items that negatives are drawn from.
    items
        Shape (n_items, factors + 1): vectors and biases.
    start
        Shape (n, factors + 1): the initial vectors.
    fold_in
        The regularization, the schedule, and how many passes over each history.
    settings
        The settings; no row's result depends on other rows.
    threads
        The number of threads; the result does not depend on it.

    Returns
    -------
    ndarray
        Shape (n, factors + 1).
    """
    indptr = as_native(histories[0], np.int64, "histories", len(start) + 1)
    indices = _codes(_validated(indptr, histories[1]), len(items), "histories")
    weights = as_native(histories[2], np.float32, "weights", len(indices))
    out = ranking_table(start, 0.0)
    _native.ranking_fold_in(
        _native.SparseMatrix(indptr, indices, weights),
        pool=_codes(pool, len(items), "pool"),
        items=ranking_table(items, 0.0),
        fold_in=fold_in,
        settings=settings,
        out=out,
        threads=threads,
    )
    return out[:, : start.shape[1]]


def _n_rows(side: RankingSide) -> int:
    return len(side.vectors) if side.features is None else len(side.features[0]) - 1


def _native_side(side: RankingSide, factors: int) -> _native.RankingSide:
    """Convert a side without copying its tables, which are updated in place."""
    shape = side.vectors.shape
    for table in (side.vectors, side.squares, side.steps):
        if table is not None and (table.shape != shape or table.dtype != np.float32):
            raise ValueError(f"tables of one side must be float32 of one shape, {shape}")
    if shape[1] <= factors or shape[1] % _native.ranking_granule():
        raise ValueError(f"rows of {shape[1]} are not as ranking_table makes them")
    return _native.RankingSide(
        vectors=side.vectors,
        squares=side.squares,
        steps=side.steps,
        features=_native_features(side),
        regularization=float(side.regularization),
    )


def _native_features(side: RankingSide) -> _native.SparseMatrix | None:
    if side.features is None:
        return None
    indptr = as_native(side.features[0], np.int64, "features", None)
    indices = _codes(_validated(indptr, side.features[1]), len(side.vectors), "features")
    weights = as_native(side.features[2], np.float32, "weights", len(indices))
    return _native.SparseMatrix(indptr, indices, weights)


def _codes(codes: I32, n: int, name: str) -> I32:
    """Check that codes exist; native code does not."""
    checked: I32 = as_native(codes, np.int32, name, None)
    if len(checked) and (checked.min() < 0 or checked.max() >= n):
        raise ValueError(f"{name} must lie in 0…{n - 1}")
    return checked


def _validated(indptr: I64, indices: I32) -> I32:
    if indptr[0] != 0 or (np.diff(indptr) < 0).any() or indptr[-1] != len(indices):
        raise ValueError("row pointers must begin with 0, never fall, and end with the entries")
    return indices
