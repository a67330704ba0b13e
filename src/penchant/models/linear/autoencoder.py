"""The weights of a linear autoencoder with a zero diagonal, from the smaller of two Gram matrices.

B minimizes ‖X − XB‖² + λ‖B‖² with b_jj = 0. With P = (XᵀX + λI)⁻¹ it is b_ij = −p_ij / p_jj
(Steck 2019, "Embarrassingly shallow autoencoders for sparse data", equation 8). By the Woodbury
identity λP = I − M with M = Xᵀ(XXᵀ + λI)⁻¹X, hence also b_ij = m_ij / (1 − m_jj). With fewer users
than items this form is cheaper: the inverse is of a matrix over users, and X is sparse.

Training B to restore histories of which a share p of the interactions was dropped at random is
the same problem with λI + p/(1−p) diag(XᵀX) in the place of λI (Steck 2020, "Autoencoders that
don't overfit towards the identity", section 4).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.models.linear.inverse import F64, OnStep, invert, slab_workers

F32 = npt.NDArray[np.float32]

_LOST = 1e-10  # λ below this share of the largest Σ x² is lost in the rounding


def bytes_to_solve(n_rows: int, n_columns: int) -> int:
    """Return the memory that :func:`zero_diagonal_weights` needs, without slabs of rows."""
    return 4 * n_columns**2 + 8 * min(n_rows, n_columns) ** 2


def zero_diagonal_weights(
    X: Csr,
    regularization: float,
    *,
    dropout: float = 0.0,
    threads: int,
    on_step: OnStep | None = None,
) -> F32:
    """Compute B in float64; return it as float32, shape (n_columns, n_columns).

    Parameters
    ----------
    X
        A row for each user, a column for each item.
    regularization
        λ, above 0.
    dropout
        p, 0 or more and below 1.
    threads
        The number of threads; the result is the same, bit for bit, on any number.
    on_step
        Called with the completed and the total number of blocks of the inversion.

    Raises
    ------
    numpy.linalg.LinAlgError
        If λ is lost in the rounding when added to XᵀX.
    """
    by_users = X.n_rows < X.n_columns
    added = dropout_penalties(X, dropout) if dropout else np.zeros(X.n_columns)
    scale = np.sqrt(regularization / (regularization + added))
    if dropout and by_users:
        X = replace(X, values=(X.values * scale[X.indices]).astype(np.float32))
    gram = _gram(X.transpose() if by_users else X, threads=threads)
    if regularization < _LOST * gram.diagonal().max():
        raise np.linalg.LinAlgError("the regularization is lost in the rounding")
    gram.flat[:: len(gram) + 1] += regularization if by_users else regularization + added
    invert(gram, threads=threads, on_step=on_step)
    B = _by_users(X, gram, threads) if by_users else _by_items(gram, threads)
    if dropout and by_users:  # from the problem of X D with penalty λ: B = D (·) D⁻¹
        B *= scale[:, np.newaxis].astype(np.float32)
        B /= scale.astype(np.float32)
    np.fill_diagonal(B, 0)
    return B


def squares(X: Csr) -> F64:
    """Return Σ x² of each column, the diagonal of XᵀX: float64, shape (n_columns,)."""
    sizes = X.values.astype(np.float64) ** 2
    return np.bincount(X.indices, weights=sizes, minlength=X.n_columns).astype(np.float64)


def dropout_penalties(X: Csr, dropout: float) -> F64:
    """Return p/(1−p) Σ x² of each column, the L2 penalty that dropout amounts to."""
    return dropout / (1 - dropout) * squares(X)


def _gram(X: Csr, *, threads: int) -> F64:
    """Compute XᵀX on and below its diagonal, 0 above it."""
    values = None if (X.values == 1).all() else X.values  # values of 1 need no reading
    return _kernels.sparse_gram((X.indptr, X.indices, values), X.n_columns, threads=threads)


def _by_items(negative: F64, threads: int) -> F32:
    """Compute B from −P."""
    n, diagonal = len(negative), -negative.diagonal()
    B = np.empty((n, n), dtype=np.float32)

    def divide(slab: slice) -> None:
        np.divide(negative[slab], diagonal, out=B[slab], casting="same_kind")

    with slab_workers(threads) as each:
        each(divide, n)
    return B


def _by_users(X: Csr, negative: F64, threads: int) -> F32:
    """Compute B from −(XXᵀ + λI)⁻¹, a slab of columns of −M at a time."""
    n = X.n_columns
    Xt = X.transpose().to_scipy().astype(np.float64)
    B = np.empty((n, n), dtype=np.float32)

    def solve(slab: slice) -> None:
        M = Xt @ (Xt[slab] @ negative).T
        B[:, slab] = M / (-1 - M[slab].diagonal())

    with slab_workers(threads) as each:
        each(solve, n)
    return B
