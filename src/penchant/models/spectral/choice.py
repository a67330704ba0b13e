"""The number of singular vectors, chosen on interactions that are held out of the training data.

A decomposition contains all smaller ones, so that one of them measures many numbers.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr, row_pointers
from penchant.models.spectral.svd import truncated_svd

log = logging.getLogger("penchant")

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_MOST = 512
"""The largest number that is tried."""
_STEPS = (-4, -3, -2, -1, 0, 1, 2, 3)
"""The numbers that are tried, in steps of √2 from the usual one."""
_USERS, _LEAST_USERS = 4000, 100
"""The most users of whom interactions are held out; with fewer than the least, nothing is tried."""
_HELD_OUT = 0.1
"""The share of a user's interactions that is held out, at least one."""
_K = 10
"""The length of the lists that are measured."""
_TOLERANCE = 0.3
"""The relative error of singular values: the last ones needn't be exact for a comparison."""
_BYTES = 1 << 30
"""The most memory for the basis of a decomposition: with more items and users, nothing is tried."""
_BATCH = 256  # users whose scores are computed at a time


class _HeldOut(NamedTuple):
    """The interactions that are left, and for some users those that are held out.

    Attributes
    ----------
    left
        Users × items.
    users
        The codes of the users, rising.
    own, held
        What is left and what is held out, a row for each of these users.
    """

    left: Csr
    users: I64
    own: Csr
    held: Csr


def chosen_factors(X: Csr, usual: int, *, seed: int, threads: int) -> int:
    """Return the number of singular vectors that ranks held-out interactions best.

    A tenth of the interactions of at most 4,000 users is held out, the rest is decomposed, and
    numbers from a quarter of the usual one to 2.8 times as many are compared by NDCG@10, at most
    512. If the largest is chosen, larger ones follow. Of those that are behind the best by no more
    than the standard error of the difference, the nearest to the usual one is chosen.

    Parameters
    ----------
    X
        The interactions, users × items.
    usual
        The number by a rule. It is returned for fewer than 100 users with two interactions and
        more, and where the decomposition would take more than a gigabyte.
    seed
        The seed of the interactions that are held out, and of the decomposition.
    threads
        The number of threads; the result is the same on any number.
    """
    n = min(X.n_rows, X.n_columns)
    most = min(_MOST, n)
    parts = _hold_out(X, seed) if 32 * n * most <= _BYTES and usual < most else None
    if parts is None:
        return usual
    number = usual
    while True:
        numbers = _numbers_around(number, most)
        V = truncated_svd(parts.left, numbers[-1], seed=seed, tolerance=_TOLERANCE, threads=threads)
        gains = _ndcg(parts, V.right.astype(np.float32), numbers, threads)
        chosen = _nearest(gains, numbers, usual)
        log.debug("singular vectors: %s", dict(zip(numbers, gains.mean(axis=0), strict=True)))
        if chosen < numbers[-1] or chosen == most:
            return chosen
        number = chosen


def _numbers_around(number: int, most: int) -> list[int]:
    """Return the numbers to try, rising, 1 or more; those close to the most are that."""
    tried = (max(round(number * 2 ** (step / 2)), 1) for step in _STEPS)
    return sorted({other if other < 0.9 * most else most for other in tried})


def _hold_out(X: Csr, seed: int) -> _HeldOut | None:
    """Hold out likes of some users; None if there are too few."""
    rng = np.random.default_rng(seed)
    liked = X.values > 0
    likes = np.diff(row_pointers(liked)[X.indptr])
    users = np.flatnonzero(likes >= 2)
    if len(users) < _LEAST_USERS:
        return None
    users = np.sort(rng.choice(users, min(_USERS, len(users)), replace=False))
    entries = X.entries_of(users)
    entries = entries[liked[entries]]
    # in a random order within each user, the first ones are held out
    rows = np.repeat(np.arange(len(users)), likes[users])
    entries = entries[np.lexsort((rng.random(len(entries)), rows))]
    place = np.arange(len(entries)) - row_pointers(likes[users])[rows]
    n_held = np.maximum(np.round(_HELD_OUT * likes[users]), 1).astype(np.int64)
    held = np.zeros(X.nnz, dtype=np.bool_)
    held[entries[place < n_held[rows]]] = True
    left = _selected(X, ~held)
    return _HeldOut(left, users, left.take_rows(users), _selected(X, held).take_rows(users))


def _selected(X: Csr, kept: npt.NDArray[np.bool_]) -> Csr:
    """Return a matrix with some of the entries."""
    pointers = row_pointers(kept)[X.indptr]
    return dataclasses.replace(
        X, indptr=pointers, indices=X.indices[kept], values=X.values[kept], times=None
    )


def _ndcg(parts: _HeldOut, V: F32, numbers: Sequence[int], threads: int) -> F64:
    """Compute NDCG@10 of each user for the first vectors of V, shape (n users, n numbers)."""
    slices = [
        np.ascontiguousarray(V[:, begin:end])
        for begin, end in zip((0, *numbers), numbers, strict=False)
    ]
    ideal = np.cumsum(1 / np.log2(np.arange(_K) + 2))
    gains = np.empty((len(parts.users), len(numbers)))
    for start in range(0, len(gains), _BATCH):
        batch = np.arange(start, min(start + _BATCH, len(gains)))
        own, held = parts.own.take_rows(batch), parts.held.take_rows(batch)
        rows = own.indptr, own.indices, own.values
        best = ideal[np.minimum(held.row_counts, _K) - 1]
        scores = np.zeros((len(batch), len(V)), dtype=np.float32)
        for number, vectors in enumerate(slices):
            queries = _kernels.block_product(rows, vectors, validated=True, threads=threads)
            scores += _kernels.factor_scores(queries, vectors, threads=threads)
            lists = _kernels.dense_top_k(scores, _K, rows[:2], threads=threads)
            _, _, sums, _ = _kernels.ranking_gains(
                lists[:2], (held.indptr, held.indices), _K, len(V), threads=threads
            )
            gains[batch, number] = sums / best
    return gains


def _nearest(gains: F64, numbers: Sequence[int], usual: int) -> int:
    """Return the number nearest to the usual one of those that are as good as the best.

    These are behind the best by the standard error of the mean difference at most.
    """
    behind = gains[:, [int(gains.mean(axis=0).argmax())]] - gains
    errors = behind.std(axis=0) / np.sqrt(len(gains))
    as_good = np.flatnonzero(behind.mean(axis=0) <= errors).tolist()
    return min((numbers[at] for at in as_good), key=lambda number: abs(math.log(number / usual)))
