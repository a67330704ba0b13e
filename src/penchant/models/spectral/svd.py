"""The largest singular values and vectors of a sparse matrix, by block Krylov iteration."""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models.spectral.basis import F64, Basis, workers

log = logging.getLogger("penchant")

_BLOCK = 32  # vectors of a block
_FEW = 64  # singular values below which a block of half the size does
_BASIS = 4  # the largest basis, as a multiple of the singular values wanted
_RESTARTS = 20
_SAFETY = 0.05  # errors of clustered singular values were up to ten times the estimates
_SMALL = 1e-8  # of the largest eigenvalue: errors of smaller ones are measured relative to this
_ZERO = 1e-12  # of the largest eigenvalue: below, a singular value is 0


class Svd(NamedTuple):
    """The factors of A ≈ U diag(σ) Vᵀ.

    Attributes
    ----------
    left
        U, float64, shape (n_rows, k), orthonormal columns; those of a singular value of 0 are 0.
    values
        σ, float64, shape (k,), falling.
    right
        V, float64, shape (n_columns, k), likewise.
    """

    left: F64
    values: F64
    right: F64


class _Ritz(NamedTuple):
    """The eigenvalues of the projected matrix, falling, their vectors, and their errors."""

    values: F64
    vectors: F64
    errors: F64


def truncated_svd(
    matrix: Csr, k: int, *, seed: int = 0, tolerance: float = 1e-4, threads: int
) -> Svd:
    """Compute the k largest singular values of a sparse matrix, with their vectors.

    Randomized block Krylov iteration (Musco & Musco 2015, "Randomized block Krylov methods for
    stronger and faster approximate singular value decomposition") on the smaller of AAᵀ and AᵀA.
    The basis is orthogonalized in full, and grows until the singular values have converged; a
    basis of 4 k vectors is replaced by its best part (thick restart, Wu & Simon 2000). Sums are in
    float64. It takes 32 n k bytes, n the smaller of the numbers of rows and columns.

    A singular value that occurs more than 16 times (32 times for k above 64) may be returned less
    often than it occurs.

    Parameters
    ----------
    matrix
        A.
    k
        The number of singular values; at most as many as rows and columns are returned.
    seed
        The random start.
    tolerance
        The relative error of the singular values, about.
    threads
        The number of threads; the result is the same, bit for bit, on any number.
    """
    n = min(matrix.n_rows, matrix.n_columns)
    k = min(k, n)
    turned = matrix.n_rows > matrix.n_columns
    A, At = (matrix.transpose(), matrix) if turned else (matrix, matrix.transpose())
    with workers(threads) as run:
        solver = _Krylov(A, At, Basis(n, run), threads)
        vectors, squares = solver.solve(k, seed, tolerance)
        squares = np.where(squares > _ZERO * squares[:1], squares, 0.0)
        values = np.sqrt(squares)
        other = solver.product(At, vectors)
        scale = np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
        small, large = vectors * (values > 0), other * scale
    left, right = (large, small) if turned else (small, large)
    signs = _signs(right)
    return Svd(left * signs, values, right * signs)


class _Krylov:
    """The eigenvectors of AAᵀ in a growing basis Q, and T = Qᵀ AAᵀ Q."""

    def __init__(self, A: Csr, At: Csr, basis: Basis, threads: int) -> None:
        self.A, self.At, self.basis, self.threads = A, At, basis, threads
        self.T = np.empty((0, 0))

    def solve(self, k: int, seed: int, tolerance: float) -> tuple[F64, F64]:
        """Return k eigenvectors, shape (n, k), and their eigenvalues, falling."""
        n, size = self.basis.n, _BLOCK if k > _FEW else _BLOCK // 2
        most = min(n, max(_BASIS * k, k + 8 * size))
        check, restarts, rng = 2 * k, 0, np.random.default_rng(seed)
        block, random = self._random(rng, size), True
        while True:
            product, following = self._extend(block)
            invariant = not following.shape[1]
            full = self.basis.size + max(following.shape[1], 1) > most
            if self.basis.size >= k and (full or invariant or self.basis.size >= check):
                ritz = self._ritz(k, block, product, following)
                error = self._error(ritz, k, block, following, random)
                if error <= _SAFETY * tolerance or restarts == _RESTARTS:
                    if error > tolerance:
                        log.warning("the SVD has not converged: relative error %.1e", error)
                    return self.basis.combine(ritz.vectors[:, :k]), ritz.values[:k]
                if full:
                    self._restart(ritz, min(k + k // 4 + size, self.basis.size))
                    restarts += 1
                check = self.basis.size + size * _further(error / tolerance)
            block, random = (self._random(rng, size), True) if invariant else (following, False)

    def product(self, matrix: Csr, block: F64) -> F64:
        """Multiply a matrix by a block."""
        rows = matrix.indptr, matrix.indices, matrix.values
        return np.asarray(_kernels.block_product(rows, block, validated=True, threads=self.threads))

    def _random(self, rng: np.random.Generator, size: int) -> F64:
        n = self.basis.n
        block = rng.standard_normal((n, min(size, n - self.basis.size)))
        return self.basis.orthonormalize(block)[0]

    def _extend(self, block: F64) -> tuple[F64, F64]:
        """Append a block B to the basis; return AAᵀB, and the block that follows."""
        self.basis.append(block)
        product = self.product(self.A, self.product(self.At, block))
        following, coefficients = self.basis.orthonormalize(product)
        T, before = np.empty((self.basis.size,) * 2), len(self.T)
        T[:before, :before] = self.T
        T[:, before:] = coefficients
        T[before:, :before] = coefficients[:before].T
        self.T = T
        return product, following

    def _ritz(self, k: int, block: F64, product: F64, following: F64) -> _Ritz:
        """Compute the eigenvalues of T.

        The residual of an eigenvector with eigenvalue θ is r = ‖Rs‖, R the part of the last
        product outside of the basis, and s the eigenvector's last entries. The error of θ is of
        the order of r²/θ: it grows with the square of the angle between the spaces.
        """
        values, vectors = np.linalg.eigh(self.T)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        residuals = following.T @ product @ vectors[-block.shape[1] :, :k]
        sizes = np.maximum(values[:k], max(_SMALL * values[0], np.finfo(np.float64).tiny))
        return _Ritz(values, vectors, ((residuals / sizes) ** 2).sum(axis=0))

    def _error(self, ritz: _Ritz, k: int, block: F64, following: F64, random: bool) -> float:
        """Return the largest relative error of k eigenvalues, infinite if some may be missing.

        A space that AAᵀ maps to itself has exact eigenvalues, but perhaps not the largest, nor
        each as often as it occurs. Then a random block must add none above the k found.
        """
        if self.basis.size == self.basis.n:
            return 0.0
        if following.shape[1]:
            return float(ritz.errors.max())
        size = block.shape[1]
        added = np.linalg.eigvalsh(self.T[-size:, -size:])[-1]
        return 0.0 if random and added <= ritz.values[k - 1] else np.inf

    def _restart(self, ritz: _Ritz, keep: int) -> None:
        """Replace the basis by its best eigenvectors."""
        kept = self.basis.combine(ritz.vectors[:, :keep])
        self.basis = self.basis.empty()
        self.basis.append(kept)
        self.T = np.diag(ritz.values[:keep])


def _further(ratio: float) -> int:
    """Return the number of blocks until the next check, given the error in tolerances.

    A check costs as much as some blocks, and the error falls by about half with each pair of them.
    """
    return 8 if ratio > 50 else 4 if ratio > 1.5 else 2


def _signs(vectors: F64) -> F64:
    """Return signs by which the entry of largest absolute value of each column is positive."""
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.where(largest < 0, -1.0, 1.0)
