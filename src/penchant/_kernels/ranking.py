"""The kernels of learning to rank: one epoch of gradients and steps, and folding people in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from penchant import _native
from penchant._kernels.common import F32, I32, I64, as_native

RANKING_LOSSES = ("warp", "bpr", "logistic", "k-os-warp")


class RankingSettings(NamedTuple):
    """What an epoch goes by; see ``native/include/penchant/ranking.hpp``."""

    loss: str
    factors: int
    learning_rate: float
    rho: float
    epsilon: float
    max_sampled: int
    k: int
    n: int
    batch: int
    seed: int
    hogwild: bool


class Learned(NamedTuple):
    """What is learned of users or items: one row a feature, as :func:`ranking_table` makes them.

    ``features`` are the rows of the users or items over the features and their weights
    (indptr, indices, values); None: each has one feature, its own. ``steps`` is AdaDelta's.
    """

    vectors: F32
    squares: F32
    steps: F32 | None
    features: tuple[I64, I32, F32] | None
    decay: float


def ranking_table(rows: F32, fill: float) -> F32:
    """The rows, each filled up with ``fill`` to whole vectors of the instruction set in use."""
    n, columns = rows.shape
    granule = _native.ranking_granule()
    table = np.full((n, -(-columns // granule) * granule), fill, dtype=np.float32)
    table[:, :columns] = rows
    return table


def ranking_epoch(
    examples: tuple[I32, I32, F32],
    likes: tuple[I64, I32],
    pool: I32,
    users: Learned,
    items: Learned,
    settings: RankingSettings,
    *,
    threads: int,
) -> float:
    """Go once through the examples, moving ``vectors``, ``squares`` and ``steps`` in place.

    Parameters
    ----------
    examples
        Codes of users and items, and weights, negative for dislikes; each of shape (n,).
    likes
        Each user's liked items, rising: row pointers and codes.
    pool
        The items that negatives are drawn from.
    users, items
        What is learned.
    settings
        How; ``seed`` is that of this epoch.
    threads
        How many to use; unless ``hogwild``, the result does not depend on it.

    Returns
    -------
    float
        The sum of the examples' losses, each at the vectors that its gradient was taken at.
    """
    n_users, n_items = _n_rows(users), _n_rows(items)
    codes = _codes(examples[0], n_users, "users"), _codes(examples[1], n_items, "items")
    if len(codes[0]) != len(codes[1]):
        raise ValueError(f"{len(codes[0])} users for {len(codes[1])} items")
    weights = as_native(examples[2], np.float32, "weights", len(codes[0]))
    pointers = as_native(likes[0], np.int64, "likes", n_users + 1)
    return _native.ranking_epoch(
        *codes,
        weights,
        pointers,
        _codes(_walkable(pointers, likes[1]), n_items, "likes"),
        _codes(pool, n_items, "pool"),
        _side(users, settings.factors),
        _side(items, settings.factors),
        _numbers(settings),
        threads,
    )


def ranking_fold_in(
    histories: tuple[I64, I32, F32],
    pool: I32,
    items: F32,
    start: F32,
    settings: RankingSettings,
    *,
    decay: float,
    adadelta: bool,
    passes: int,
    threads: int,
) -> F32:
    """Vectors for people never seen: ``passes`` epochs over the history of each, items held.

    Parameters
    ----------
    histories
        Row pointers, item codes and weights, negative for dislikes.
    pool
        The items that negatives are drawn from.
    items
        Shape (n_items, factors + 1): vectors and biases.
    start
        Shape (n, factors + 1): what each begins with.
    settings
        How; no row's result depends on other rows.
    decay, adadelta, passes
        L2, whether the schedule is AdaDelta, and how many epochs.
    threads
        How many to use; the result does not depend on it.

    Returns
    -------
    ndarray
        Shape (n, factors + 1).
    """
    indptr = as_native(histories[0], np.int64, "histories", len(start) + 1)
    indices = _codes(_walkable(indptr, histories[1]), len(items), "histories")
    out = ranking_table(start, 0.0)
    _native.ranking_fold_in(
        indptr,
        indices,
        as_native(histories[2], np.float32, "weights", len(indices)),
        _codes(pool, len(items), "pool"),
        ranking_table(items, 0.0),
        float(decay),
        _numbers(settings),
        adadelta,
        passes,
        out,
        threads,
    )
    return out[:, : start.shape[1]]


def _numbers(settings: RankingSettings) -> tuple[Any, ...]:
    return (RANKING_LOSSES.index(settings.loss), *settings[1:])


def _n_rows(side: Learned) -> int:
    return len(side.vectors) if side.features is None else len(side.features[0]) - 1


def _side(side: Learned, factors: int) -> tuple[Any, ...]:
    """The tables as they are, since they are moved in place."""
    shape = side.vectors.shape
    for table in (side.vectors, side.squares, side.steps):
        if table is not None and (table.shape != shape or table.dtype != np.float32):
            raise ValueError(f"tables of one side must be float32 of one shape, {shape}")
    if shape[1] <= factors or shape[1] % _native.ranking_granule():
        raise ValueError(f"rows of {shape[1]} are not as ranking_table makes them")
    return (*side[:3], _features(side), float(side.decay))


def _features(side: Learned) -> tuple[I64, I32, F32] | None:
    if side.features is None:
        return None
    indptr = as_native(side.features[0], np.int64, "features", None)
    indices = _codes(_walkable(indptr, side.features[1]), len(side.vectors), "features")
    return indptr, indices, as_native(side.features[2], np.float32, "weights", len(indices))


def _codes(codes: I32, n: int, name: str) -> I32:
    """Codes that exist, so that native code need not look."""
    found: I32 = as_native(codes, np.int32, name, None)
    if len(found) and (found.min() < 0 or found.max() >= n):
        raise ValueError(f"{name} must lie in 0…{n - 1}")
    return found


def _walkable(indptr: I64, indices: I32) -> I32:
    if indptr[0] != 0 or (np.diff(indptr) < 0).any() or indptr[-1] != len(indices):
        raise ValueError("row pointers must begin with 0, never fall, and end with the entries")
    return indices
