"""Count the operations of one epoch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.datasets import Rows


def of_rows(counts: npt.NDArray[np.integer], f: int) -> float:
    """Count the Gram matrix of each row's entries and its Cholesky factorization, on a triangle.

    With s the smaller of n and f and l the larger: s² l + s³ / 3 flops, and 2 s² + 4 s l for the
    two triangular solves and the two products with vectors.
    """
    n = counts[counts > 0].astype(np.float64)
    small, large = np.minimum(n, f), np.maximum(n, f)
    return float((small**2 * large + small**3 / 3 + 2 * small**2 + 4 * small * large).sum())


def of_products(n_rows: int, n_columns: int, f: int) -> float:
    """Count the Gram matrix (a triangle) and the rotations of both sides."""
    return float(n_columns * f * f + 2 * n_columns * f * f + 2 * n_rows * f * f)


def of_epoch(rows: Rows, f: int) -> dict[str, float]:
    """Return the flops of both half steps: the row systems and the dense products."""
    by_user = np.diff(rows.indptr)
    by_item = np.bincount(rows.indices, minlength=rows.n_columns)
    m, n = rows.n_rows, rows.n_columns
    return {
        "rows": of_rows(by_user, f) + of_rows(by_item, f),
        "products": of_products(m, n, f) + of_products(n, m, f),
    }


def of_whitened_epoch(n_rows: int, n_columns: int, f: int) -> float:
    """Count the products of an epoch in coordinates of Cholesky factors.

    A half step makes the Gram matrix and three triangular products: of the fixed side, and of the
    start and the solution of the other.
    """
    return 4.0 * (n_rows + n_columns) * f * f


def of_rotated_epoch(n_rows: int, n_columns: int, f: int) -> float:
    """Count the products of an epoch in coordinates of eigenvectors, after the first.

    A half step makes those of :func:`of_products`; the previous vectors of the side that is solved
    first, the smaller, are rotated for the momentum.
    """
    halves = of_products(n_rows, n_columns, f) + of_products(n_columns, n_rows, f)
    return halves + 2.0 * min(n_rows, n_columns) * f * f
