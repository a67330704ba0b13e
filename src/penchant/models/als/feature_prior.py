"""What features predict of one side's factors, fitted anew as these change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.ids import IdMap
from penchant.engines.base import Factors, one_blas_thread
from penchant.engines.feature_prior import F64, Ridge, to_scipy, with_constant


@dataclass(frozen=True, eq=False)
class FeaturePrior:
    """What the features of one side predict of its factors.

    Attributes
    ----------
    names
        What the features are called.
    ridge
        Their regression, the rows without entries weighing nothing.
    live
        bool, shape (n_rows,): which rows have entries.
    coefficients
        G, shape (n_features + 1, f); zero where nothing is known yet.
    """

    names: IdMap
    ridge: Ridge
    live: npt.NDArray[np.bool_]
    coefficients: F64

    @property
    def means(self) -> F64:
        """What is foretold of every row, shape (n_rows, f)."""
        return self.ridge.predict(self.coefficients)

    def fitted(self, factors: Factors) -> FeaturePrior:
        """The same with the coefficients that fit the factors best."""
        return replace(self, coefficients=self.ridge.fit(factors, self.coefficients))

    def turned(self, Q: F64 | None) -> FeaturePrior:
        """The same in the coordinates that factors were turned into."""
        if Q is None:
            return self
        with one_blas_thread():
            return replace(self, coefficients=self.coefficients @ Q)

    def filled(self, factors: Factors) -> Factors:
        """The factors, with what is foretold in the rows without entries."""
        whole = np.array(factors)
        whole[~self.live] = self.means[~self.live]
        return whole

    def of_new(self, rows: Csr) -> F64:
        """What is foretold of new rows over the features' names, shape (n, f)."""
        return np.asarray(to_scipy(with_constant(rows)) @ self.coefficients)

    def confidence_delta(self, factors: Factors, penalties: F64) -> float:
        """Σ λ (‖y − m‖² − ‖y‖²) + γ λ̄ ‖G‖²: what the penalty is beyond that of plain ALS."""
        means, live = self.means, penalties[self.live]
        change = (means * (means - 2 * factors.astype(np.float64))).sum(axis=1)[self.live]
        size = float(np.square(self.coefficients).sum())
        return float(live @ change) + float(live.mean()) * self.ridge.penalty * size
