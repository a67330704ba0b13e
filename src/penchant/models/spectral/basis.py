"""An orthonormal basis that grows by blocks of vectors, on several threads.

Each thread multiplies parts of a fixed size, with BLAS limited to that thread: the result is the
same on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._blas import one_blas_thread

F64 = npt.NDArray[np.float64]

_PANEL = 256  # basis vectors that are multiplied at a time
_SLAB = 2048  # their entries, where each thread writes other entries
_NOISE = 1e-14  # squared lengths below this share of the largest are lost in the rounding

Run = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""Calls a function with every part; returns the results in order."""


@contextmanager
def workers(threads: int) -> Iterator[Run]:
    """Start threads that share parts of a computation; BLAS uses a single thread in each."""
    with one_blas_thread(), ThreadPoolExecutor(threads) as pool:
        yield lambda work, parts: list(pool.map(work, parts))


class Basis:
    """Orthonormal vectors of n numbers, kept as the rows of panels.

    Parameters
    ----------
    n
        The length of the vectors.
    run
        See :func:`workers`.
    """

    def __init__(self, n: int, run: Run) -> None:
        self.n, self.size = n, 0
        self._run = run
        self._panels: list[F64] = []

    def empty(self) -> Basis:
        """Return a basis without vectors, on the same threads."""
        return Basis(self.n, self._run)

    def append(self, vectors: F64) -> None:
        """Append the columns of an array of shape (n, b)."""
        rows, start = vectors.T, 0
        while start < len(rows):
            place = self.size % _PANEL
            if place == 0:
                self._panels.append(np.empty((_PANEL, self.n)))
            count = min(_PANEL - place, len(rows) - start)
            self._panels[-1][place : place + count] = rows[start : start + count]
            self.size += count
            start += count

    def project(self, vectors: F64) -> F64:
        """Compute QᵀW, shape (size, b), for W of shape (n, b)."""
        parts = self._run(lambda panel: panel @ vectors, self._filled())
        return np.concatenate(parts) if parts else np.empty((0, vectors.shape[1]))

    def combine(self, coefficients: F64) -> F64:
        """Compute Q C, shape (n, b), for C of shape (size, b)."""
        out = np.zeros((self.n, coefficients.shape[1]))
        panels = self._filled()

        def add(slab: slice) -> None:
            for number, panel in enumerate(panels):
                own = coefficients[number * _PANEL : number * _PANEL + len(panel)]
                out[slab] += panel[:, slab].T @ own

        starts = range(0, self.n, _SLAB)
        self._run(add, [slice(start, min(start + _SLAB, self.n)) for start in starts])
        return out

    def orthonormalize(self, vectors: F64) -> tuple[F64, F64]:
        """Return an orthonormal basis of what these vectors add to the basis, and QᵀW.

        Classical Gram-Schmidt by blocks, then the eigenvectors of the Gram matrix of the rest
        (Stathopoulos & Wu 2002, "A block orthogonalization procedure with constant synchronization
        requirements"); all of it twice, which makes it orthogonal to the last bits. Directions
        that are lost in the rounding are left out: the basis may have no columns.
        """
        scale = np.linalg.norm(vectors, axis=0)
        W = vectors[:, scale > 0] / scale[scale > 0]
        coefficients = self.project(vectors)
        for _ in range(2):
            if not W.shape[1]:
                break
            W = W - self.combine(self.project(W))
            squares, directions = np.linalg.eigh(W.T @ W)
            kept = squares > _NOISE * max(1.0, squares[-1])
            W = W @ (directions[:, kept] / np.sqrt(squares[kept]))
        return W, coefficients

    def _filled(self) -> list[F64]:
        return [
            panel[: min(_PANEL, self.size - number * _PANEL)]
            for number, panel in enumerate(self._panels)
        ]
