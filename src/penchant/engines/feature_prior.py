"""Factors that are expected somewhere else than at zero: at what a row's features predict.

With a prior mean m_u the penalty of a row is λ_u ‖x_u − m_u‖² in place of λ_u ‖x_u‖², and its
system

    (α0 YᵀY + λ_u I + Σ_{i∈S_u} (c_ui − α0) y_i y_iᵀ) x_u = Σ_{i∈S_u} c_ui p_ui y_i + λ_u m_u

has one vector more on its right side and nothing else. :func:`with_means` puts it there without
any engine's knowing, as one more like of each row: of an item with the vector
v_u = λ_u m_u / c, c = w + α0, for an enormous w. It adds c v_u = λ_u m_u on the right, and on
the left w v_u v_uᵀ ≈ λ_u² m_u m_uᵀ / w, which is lost in the rounding beside λ_u I; likewise
Σ v_u v_uᵀ in the Gram matrix. In the solver's coordinates the entry is √w v_u and its target √w,
both far from the limits of a float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.engines.base import Factors, Penalties, one_blas_thread

_ENORMOUS = 1e12
_DIRECT_UP_TO = 2048
_CG_STEPS = 50
_CG_TOLERANCE = 1e-5
F64 = npt.NDArray[np.float64]


def with_means(
    rows: Csr, fixed: Factors, means: F64, regularization: Penalties, unobserved_weight: float
) -> tuple[Csr, Factors]:
    """Rows and a fixed side that give each row with entries its prior mean.

    Parameters
    ----------
    rows, fixed, regularization, unobserved_weight
        As for :meth:`penchant.engines.base.Engine.half_step`.
    means
        m, shape (n_rows, f).

    Returns
    -------
    tuple
        The rows with one entry more each (those without any stay empty), and the fixed side with
        the rows that these entries mean below its own.
    """
    live = np.flatnonzero(rows.row_counts)
    scale = (regularization / (_ENORMOUS + unobserved_weight))[live, np.newaxis]
    below = (scale * means[live]).astype(fixed.dtype)
    more = np.zeros(rows.n_rows, dtype=np.int64)
    more[live] = 1
    ends = rows.indptr[live + 1]
    columns = np.arange(rows.n_columns, rows.n_columns + len(live), dtype=np.int32)
    longer = Csr(
        row_pointers(rows.row_counts + more),
        np.insert(rows.indices, ends, columns),
        np.insert(rows.values, ends, np.float32(_ENORMOUS)),
        rows.n_columns + len(live),
    )
    return longer, np.concatenate([fixed, below])


class Ridge:
    """What features predict of factors: weighted ridge regression, prepared once for many.

    For factors Y it finds the G that minimizes Σ_i w_i ‖y_i − Gᵀf_i‖² + γ ‖G‖². Up to 2,048
    features are solved directly, more by conjugate gradients.

    Parameters
    ----------
    features
        f: rows are those of the factors; an all-ones column is added as the last.
    weights
        w, shape (n_rows,), 0 or more.
    penalty
        γ, above 0.
    """

    def __init__(self, features: Csr, weights: F64, penalty: float) -> None:
        self.features = to_scipy(with_constant(features))
        self.penalty = penalty
        self._weighted = self.features.multiply(weights[:, np.newaxis]).T.tocsr()
        self._factor = self._factorized() if self.n_features <= _DIRECT_UP_TO else None

    @property
    def n_features(self) -> int:
        """How many columns there are, the all-ones column included."""
        return int(self.features.shape[1])

    def fit(self, Y: Factors, start: F64 | None = None) -> F64:
        """G, float64, shape (n_features, f), from where conjugate gradients may start."""
        wanted = np.asarray(self._weighted @ Y.astype(np.float64))
        if self._factor is None:
            return self._descend(wanted, np.zeros_like(wanted) if start is None else start.copy())
        import scipy.linalg

        with one_blas_thread():
            return np.asarray(scipy.linalg.cho_solve(self._factor, wanted, check_finite=False))

    def predict(self, G: F64) -> F64:
        """The factors that the features predict, float64, shape (n_rows, f)."""
        return np.asarray(self.features @ G)

    def _factorized(self) -> tuple[F64, bool]:
        import scipy.linalg

        gram = (self._weighted @ self.features).toarray()
        gram[np.diag_indices_from(gram)] += self.penalty
        with one_blas_thread():
            return scipy.linalg.cho_factor(gram, check_finite=False)  # type: ignore[no-any-return]

    def _descend(self, wanted: F64, G: F64) -> F64:
        """Conjugate gradients for all columns at once, with the diagonal as preconditioner."""
        diagonal = self.features.power(2).T @ self._row_weights() + self.penalty
        scale = 1 / np.asarray(diagonal)[:, np.newaxis]
        left = wanted - self._apply(G)
        size = np.sqrt((wanted**2).sum(axis=0)) + np.finfo(np.float64).tiny
        towards = scale * left
        slope = (left * towards).sum(axis=0)
        for _ in range(_CG_STEPS):
            if (np.sqrt((left**2).sum(axis=0)) <= _CG_TOLERANCE * size).all():
                break
            image = self._apply(towards)
            bend = (towards * image).sum(axis=0)
            step = np.divide(slope, bend, out=np.zeros_like(slope), where=bend > 0)
            G += step * towards
            left -= step * image
            scaled = scale * left
            steeper = (left * scaled).sum(axis=0)
            ratio = np.divide(steeper, slope, out=np.zeros_like(slope), where=slope > 0)
            towards, slope = scaled + ratio * towards, steeper
        return G

    def _apply(self, G: F64) -> F64:
        return np.asarray(self._weighted @ (self.features @ G)) + self.penalty * G

    def _row_weights(self) -> F64:
        """The weights again: those of the all-ones column."""
        return np.asarray(self._weighted[-1].toarray()).ravel()


def to_scipy(rows: Csr) -> Any:
    """The rows as a ``scipy.sparse.csr_array`` of float64."""
    import scipy.sparse as sp

    parts = (rows.values.astype(np.float64), rows.indices, rows.indptr)
    return sp.csr_array(parts, shape=(rows.n_rows, rows.n_columns))


def with_constant(rows: Csr) -> Csr:
    """The rows with a 1 in one more, last column."""
    ends, n = rows.indptr[1:], rows.n_columns
    return Csr(
        rows.indptr + np.arange(rows.n_rows + 1),
        np.insert(rows.indices, ends, np.int32(n)),
        np.insert(rows.values, ends, np.float32(1)),
        n + 1,
    )
