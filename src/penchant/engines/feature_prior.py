"""Prior means that the features of a row predict, in the place of zero.

With a prior mean m_u the penalty of a row is λ_u ‖x_u − m_u‖² instead of λ_u ‖x_u‖², and its
system

    (α0 YᵀY + λ_u I + Σ_{i∈S_u} (c_ui − α0) y_i y_iᵀ) x_u = Σ_{i∈S_u} c_ui p_ui y_i + λ_u m_u

has one more vector on its right side and is otherwise the same. :func:`with_means` adds it without
a change of any kernel, as one more like in each row: of an item with the vector
v_u = λ_u m_u / c, c = w + α0, for a huge w. It adds c v_u = λ_u m_u on the right, and on the left
w v_u v_uᵀ ≈ λ_u² m_u m_uᵀ / w, which is lost in the rounding beside λ_u I; likewise Σ v_u v_uᵀ in
the Gram matrix. In the solver's coordinates the entry is √w v_u and its target √w, both far from
the limits of a float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from penchant._blas import one_blas_thread
from penchant.data.csr import Csr, row_pointers
from penchant.engines.base import F64, Factors, Penalties

PRIOR_WEIGHT = 1e12
_DIRECT_UP_TO = 2048
_CG_STEPS = 50
_CG_TOLERANCE = 1e-5


def with_means(
    rows: Csr, fixed: Factors, means: F64, regularization: Penalties, unobserved_weight: float
) -> tuple[Csr, Factors]:
    """Extend rows and the fixed factors so that each row with entries gets its prior mean.

    Parameters
    ----------
    rows, regularization
        As for :meth:`penchant.engines.base.Engine.load_rows`.
    fixed
        The factors of the columns, shape (n, f).
    means
        The prior means m_u, shape (m, f).
    unobserved_weight
        α0.

    Returns
    -------
    tuple
        The rows with one more entry each (empty rows stay empty), and the fixed factors with the
        vectors of these entries below.
    """
    longer, below = mean_entries(rows, means, regularization, unobserved_weight)
    return longer, np.concatenate([fixed, below.astype(fixed.dtype)])


def mean_entries(
    rows: Csr, means: F64, regularization: Penalties, unobserved_weight: float
) -> tuple[Csr, F64]:
    """Return the rows and the added vectors of :func:`with_means`, without the fixed factors."""
    nonempty = np.flatnonzero(rows.row_counts)
    scale = (regularization / (PRIOR_WEIGHT + unobserved_weight))[nonempty, np.newaxis]
    added = np.zeros(rows.n_rows, dtype=np.int64)
    added[nonempty] = 1
    ends = rows.indptr[nonempty + 1]
    columns = np.arange(rows.n_columns, rows.n_columns + len(nonempty), dtype=np.int32)
    longer = Csr(
        row_pointers(rows.row_counts + added),
        np.insert(rows.indices, ends, columns),
        np.insert(rows.values, ends, np.float32(PRIOR_WEIGHT)),
        rows.n_columns + len(nonempty),
    )
    return longer, scale * means[nonempty]


class _PseudoInverse(NamedTuple):
    """The pseudo-inverse of a symmetric matrix, V Λ⁻¹ Vᵀ, with its rows and columns scaled to 1."""

    scale: F64
    vectors: F64
    inverse_values: F64

    @classmethod
    def of(cls, matrix: F64) -> _PseudoInverse:
        """Compute it from the eigenvalues that are not lost in the rounding."""
        scale = 1 / np.sqrt(matrix.diagonal())
        values, vectors = np.linalg.eigh(scale[:, np.newaxis] * matrix * scale)
        lost = values <= len(values) * np.finfo(np.float64).eps * values.max()
        return cls(scale, vectors, np.where(lost, 0.0, 1 / np.where(lost, 1.0, values)))

    def solve(self, target: F64) -> F64:
        """Multiply by the pseudo-inverse."""
        scale, inverse = self.scale[:, np.newaxis], self.inverse_values[:, np.newaxis]
        V = self.vectors
        return np.asarray(scale * (V @ (inverse * (V.T @ (scale * target)))))


class Ridge:
    """Weighted ridge regression of factors on features, factorized once and solved many times.

    For factors Y it finds the G that minimizes Σ_i w_i ‖y_i − Gᵀf_i‖² + γ ‖G‖²: by a Cholesky
    factorization for up to 2,048 features, else by conjugate gradients.

    Parameters
    ----------
    features
        The rows f_i, in the order of the factors; an all-ones column is added as the last.
    weights
        The weights w_i, shape (n_rows,), 0 or more.
    penalty
        γ, above 0.

    Attributes
    ----------
    features
        The features with the all-ones column, a ``scipy.sparse`` matrix (n_rows, n_features).
    weighted
        FᵀW, its transpose with the weights multiplied in.
    """

    def __init__(self, features: Csr, weights: F64, penalty: float) -> None:
        self.features = to_scipy(with_constant(features))
        self.penalty = penalty
        self.weighted = self.features.multiply(weights[:, np.newaxis]).T.tocsr()
        self._factor = self._factorized() if self.n_features <= _DIRECT_UP_TO else None

    @property
    def n_features(self) -> int:
        """The number of columns, the all-ones column included."""
        return int(self.features.shape[1])

    def fit(self, Y: Factors, start: F64 | None = None) -> F64:
        """Compute G for the factors Y; see :meth:`solve`."""
        return self.solve(np.asarray(self.weighted @ Y.astype(np.float64)), start)

    def solve(self, target: F64, start: F64 | None = None) -> F64:
        """Compute G, float64, shape (n_features, f).

        Parameters
        ----------
        target
            FᵀWY, shape (n_features, f).
        start
            Where conjugate gradients start; None: at zero.
        """
        if self._factor is None:
            return self._descend(target, np.zeros_like(target) if start is None else start.copy())
        import scipy.linalg

        with one_blas_thread(scipy=True):
            if isinstance(self._factor, _PseudoInverse):
                return self._factor.solve(target)
            return np.asarray(scipy.linalg.cho_solve(self._factor, target, check_finite=False))

    def predict(self, G: F64) -> F64:
        """Compute the factors that the features predict, float64, shape (n_rows, f)."""
        return np.asarray(self.features @ G)

    def _factorized(self) -> tuple[F64, bool] | _PseudoInverse:
        """Compute the Cholesky factorization of FᵀWF + γI.

        Where γ is lost in the rounding beside FᵀWF, and features depend on each other (two equal
        columns), there is none; the coefficients of least norm are taken then, which is the limit
        for small γ.
        """
        import scipy.linalg

        gram = (self.weighted @ self.features).toarray()
        gram[np.diag_indices_from(gram)] += self.penalty
        with one_blas_thread(scipy=True):
            try:
                return scipy.linalg.cho_factor(gram, check_finite=False)  # type: ignore[no-any-return]
            except np.linalg.LinAlgError:
                return _PseudoInverse.of(gram)

    def _descend(self, target: F64, G: F64) -> F64:
        """Run conjugate gradients for all columns at once, with a diagonal preconditioner."""
        diagonal = self.features.power(2).T @ self._row_weights() + self.penalty
        scale = 1 / np.asarray(diagonal)[:, np.newaxis]
        residual = target - self._apply(G)
        size = np.sqrt((target**2).sum(axis=0)) + np.finfo(np.float64).tiny
        direction = scale * residual
        slope = (residual * direction).sum(axis=0)
        for _ in range(_CG_STEPS):
            if (np.sqrt((residual**2).sum(axis=0)) <= _CG_TOLERANCE * size).all():
                break
            image = self._apply(direction)
            curvature = (direction * image).sum(axis=0)
            step = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)
            G += step * direction
            residual -= step * image
            scaled = scale * residual
            new_slope = (residual * scaled).sum(axis=0)
            ratio = np.divide(new_slope, slope, out=np.zeros_like(slope), where=slope > 0)
            direction, slope = scaled + ratio * direction, new_slope
        return G

    def _apply(self, G: F64) -> F64:
        """Compute (FᵀWF + γI) G."""
        return np.asarray(self.weighted @ (self.features @ G)) + self.penalty * G

    def _row_weights(self) -> F64:
        """Return the weights w_i, from the all-ones column."""
        return np.asarray(self.weighted[-1].toarray()).ravel()


def to_scipy(rows: Csr) -> Any:
    """Convert rows to a ``scipy.sparse.csr_array`` of float64."""
    import scipy.sparse as sp

    parts = (rows.values.astype(np.float64), rows.indices, rows.indptr)
    return sp.csr_array(parts, shape=(rows.n_rows, rows.n_columns))


def with_constant(rows: Csr) -> Csr:
    """Append a column of ones to rows."""
    ends, n = rows.indptr[1:], rows.n_columns
    return Csr(
        rows.indptr + np.arange(rows.n_rows + 1),
        np.insert(rows.indices, ends, np.int32(n)),
        np.insert(rows.values, ends, np.float32(1)),
        n + 1,
    )
