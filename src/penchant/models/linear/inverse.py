"""The inverse of a large symmetric matrix, in place, on several threads.

The rows are split into slabs of a fixed size. Each is computed by a single thread, with BLAS
limited to that thread: the result is the same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from penchant.engines.base import one_blas_thread

F64 = npt.NDArray[np.float64]
OnStep = Callable[[int, int], None]
"""Called with the completed and the total number of steps of a long computation."""

_SLAB = 256


def invert(matrix: F64, *, threads: int, on_step: OnStep | None = None) -> None:
    """Replace a symmetric positive definite A by −A⁻¹, in place.

    It applies the sweep operator (Goodnight 1979, "A tutorial on the SWEEP operator") to blocks
    of pivots: n³ operations, as many as an inverse by Cholesky, nearly all of them in matrix
    products. Unlike LAPACK's inverse it reports its progress and can be interrupted.

    Parameters
    ----------
    matrix
        A, shape (n, n), in C order; the part above the diagonal is not read.
    threads
        The number of threads.
    on_step
        Called after each block of pivots.

    Raises
    ------
    numpy.linalg.LinAlgError
        If A is not positive definite in float64; its contents are then undefined.
    """
    n = len(matrix)
    blocks = list(_slabs(n))
    with slab_workers(threads) as each:
        for completed, pivots in enumerate(blocks, start=1):
            _sweep(matrix, pivots, each)
            if on_step is not None:
                on_step(completed, len(blocks))
    for slab in blocks:
        matrix[: slab.start, slab] = matrix[slab, : slab.start].T
        matrix[slab, slab] = _mirrored(matrix[slab, slab])


def _sweep(A: F64, pivots: slice, each: Each) -> None:
    """Sweep a block of pivots k of A, with D = A_kk⁻¹.

    A_kk becomes −D, A_ik becomes A_ik D and A_ij becomes A_ij − A_ik D A_kj. A stays symmetric;
    only its lower triangle is updated.
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
    """Return the symmetric matrix with this lower triangle."""
    return np.tril(square) + np.tril(square, -1).T


def _slabs(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _SLAB, n)) for start in range(0, n, _SLAB))


Each = Callable[[Callable[[slice], None], int], None]
"""Calls a function with every slab of 0…n−1."""


@contextmanager
def slab_workers(threads: int) -> Iterator[Each]:
    """Start threads that share slabs of rows; BLAS uses a single thread in each."""
    with ThreadPoolExecutor(threads) as pool, one_blas_thread():

        def each(work: Callable[[slice], None], n: int) -> None:
            for _ in pool.map(work, _slabs(n)):
                pass

        yield each
