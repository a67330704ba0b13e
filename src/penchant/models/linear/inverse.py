"""The inverse of a large symmetric matrix, in place, on all cores.

Work is cut into slabs of rows, whose size depends on nothing, each done by one thread, with BLAS
kept to it: the result is the same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from penchant._blas import one_blas_thread

F64 = npt.NDArray[np.float64]
OnStep = Callable[[int, int], None]
"""Called with how many steps of a long work are done, and of how many."""

_SLAB = 256


def invert(matrix: F64, *, threads: int, on_step: OnStep | None = None) -> None:
    """Put −A⁻¹ in the place of a symmetric positive definite A.

    The sweep operator (Goodnight 1979, "A tutorial on the SWEEP operator") over blocks of
    pivots: n³ operations, as Cholesky's inverse takes, nearly all of them in products of
    matrices. Unlike LAPACK's it can be told of, and stopped, between blocks.

    Parameters
    ----------
    matrix
        A, shape (n, n), in C order; what stands above the diagonal is not looked at.
    threads
        How many to use.
    on_step
        Called after each block of pivots.

    Raises
    ------
    numpy.linalg.LinAlgError
        If A is not positive definite in float64; it is then half swept.
    """
    n = len(matrix)
    blocks = list(_slabs(n))
    with slab_workers(threads) as each:
        for done, pivots in enumerate(blocks, start=1):
            _sweep(matrix, pivots, each)
            if on_step is not None:
                on_step(done, len(blocks))
    for slab in blocks:
        matrix[: slab.start, slab] = matrix[slab, : slab.start].T
        matrix[slab, slab] = _mirrored(matrix[slab, slab])


def _sweep(A: F64, pivots: slice, each: Each) -> None:
    """A_kk ← −D, A_ik ← A_ik D and A_ij ← A_ij − A_ik D A_kj with D = A_kk⁻¹, k the pivots.

    Of A, which stays symmetric, only the lower triangle is kept up.
    """
    n, end = len(A), pivots.stop
    square = _mirrored(A[pivots, pivots])
    panel = np.concatenate([A[pivots, : pivots.start].T, square, A[end:, pivots]])
    D = _small_inverse(square)
    scaled = np.empty_like(panel)

    def update(slab: slice) -> None:
        np.matmul(panel[slab], D, out=scaled[slab])
        A[slab, : slab.stop] -= scaled[slab] @ panel[: slab.stop].T

    each(update, n)
    A[pivots, : pivots.start] = scaled[: pivots.start].T
    A[end:, pivots] = scaled[end:]
    A[pivots, pivots] = -D


def _small_inverse(A: F64) -> F64:
    import scipy.linalg

    inverse = scipy.linalg.cho_solve(scipy.linalg.cho_factor(A), np.eye(len(A)))
    return np.asarray((inverse + inverse.T) / 2)


def _mirrored(square: F64) -> F64:
    """The symmetric matrix of this lower triangle."""
    return np.tril(square) + np.tril(square, -1).T


def _slabs(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _SLAB, n)) for start in range(0, n, _SLAB))


Each = Callable[[Callable[[slice], None], int], None]
"""Calls a function with every slab of 0…n−1."""


@contextmanager
def slab_workers(threads: int) -> Iterator[Each]:
    """Threads that share slabs of rows between them, and BLAS on one thread for each."""
    with one_blas_thread(scipy=True), ThreadPoolExecutor(threads) as pool:

        def each(work: Callable[[slice], None], n: int) -> None:
            for _ in pool.map(work, _slabs(n)):
                pass

        yield each
