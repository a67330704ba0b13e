"""Priors of one side's factors that are linear in features, refitted as the factors change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._blas import one_blas_thread
from penchant.data.blocks import BlockedRows
from penchant.data.csr import Csr
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.engines.base import (
    F64,
    Engine,
    Factors,
    FactorsT,
    Penalties,
    Rotation,
    RowPrior,
    RowsT,
)
from penchant.engines.feature_prior import Ridge, to_scipy, with_constant
from penchant.models.als.objective import Weights


@dataclass(frozen=True, eq=False)
class FeaturePrior:
    """The factors that the features of one side predict.

    Attributes
    ----------
    features
        The features of the interactions that the model is fitted on.
    ridge
        The regression of the factors on them; rows without entries have weight 0.
    nonempty
        bool, shape (n_rows,): whether a row has entries.
    mean_regularization
        The mean of λ over the rows with entries.
    coefficients
        G, shape (n_features + 1, f); zero before the first fit.
    """

    features: Features
    ridge: Ridge
    nonempty: npt.NDArray[np.bool_]
    mean_regularization: float
    coefficients: F64

    @classmethod
    def prepare(
        cls,
        features: Features,
        ids: IdMap,
        rows: Csr | BlockedRows,
        penalties: Penalties,
        *,
        gamma: float,
        f: int,
    ) -> FeaturePrior:
        """Prepare the regression for the rows of one side, with coefficients of zero.

        Parameters
        ----------
        features
            The features of the side.
        ids
            The ids of the rows.
        rows
            The interactions of each row; only their numbers are used.
        penalties
            λ of each row. The weights of the regression are proportional to it.
        gamma
            The penalty of the coefficients, in units of the mean λ.
        f
            The number of factors.
        """
        nonempty = rows.row_counts > 0
        mean = float(penalties[nonempty].mean())
        scaled = penalties if penalties.any() else np.ones_like(penalties)
        weights = np.where(nonempty, scaled / scaled[nonempty].mean(), 0.0)
        ridge = Ridge(features.with_identity(False).aligned(ids), weights, gamma)
        return cls(features, ridge, nonempty, mean, np.zeros((ridge.n_features, f)))

    # --- training ------------------------------------------------------------------

    @property
    def row_prior(self) -> RowPrior:
        """The prior means as an engine takes them."""
        return RowPrior(self.ridge.features, self.coefficients)

    def fitted(self, engine: Engine[RowsT, FactorsT], factors: FactorsT) -> FeaturePrior:
        """Return the prior with the coefficients that fit the factors best."""
        target = engine.weighted_sum(self.ridge.weighted, factors)
        return replace(self, coefficients=self.ridge.solve(target, self.coefficients))

    def rotated(self, Q: Rotation) -> FeaturePrior:
        """Return the prior in the coordinates of factors that were rotated by Q."""
        if Q is None:
            return self
        with one_blas_thread():
            return replace(self, coefficients=self.coefficients @ Q)

    def penalty(self, engine: Engine[RowsT, FactorsT], rows: RowsT, factors: FactorsT) -> float:
        """Compute Σ λ (‖y − m‖² − ‖y‖²) + γ λ̄ ‖G‖², the penalty beyond that of plain ALS."""
        change = engine.prior_penalty(rows, factors, self.row_prior)
        size = float(np.square(self.coefficients).sum())
        return change + self.mean_regularization * self.ridge.penalty * size

    # --- predictions ---------------------------------------------------------------

    def filled(self, factors: Factors) -> Factors:
        """Return a copy of the factors with the predicted ones in rows without entries."""
        filled = np.array(factors)
        filled[~self.nonempty] = self.ridge.predict(self.coefficients)[~self.nonempty]
        return filled

    def predict(self, rows: Csr) -> F64:
        """Compute the factors of new rows over the features' names, shape (n, f)."""
        return np.asarray(to_scipy(with_constant(rows)) @ self.coefficients)

    def predict_rows(self, rows: Iterable[FeatureRow]) -> F64:
        """Compute the factors of new rows given by names or weights, shape (n, f)."""
        return self.predict(self.features.rows_of(rows))

    def predict_like(self, features: Features, ids: IdMap) -> F64:
        """Compute the factors of rows that have other features, matched by name, shape (n, f)."""
        same_names = features.over(self.features.names).with_identity(False)
        return self.predict(same_names.normalized(self.features.norm).aligned(ids))

    def with_coefficients(self, coefficients: npt.NDArray[Any]) -> FeaturePrior:
        """Return the prior with coefficients from a file.

        Raises
        ------
        ValueError
            If their shape does not fit.
        """
        if coefficients.shape != self.coefficients.shape:
            raise ValueError(
                f"coefficients of shape {coefficients.shape}, expected {self.coefficients.shape}"
            )
        return replace(self, coefficients=coefficients)


@dataclass(frozen=True)
class FeaturePriors:
    """Prepares the priors of both sides from the features of the data.

    Attributes
    ----------
    gamma
        The penalty of the coefficients, in units of the mean λ.
    factors
        The number of factors.
    """

    gamma: float
    factors: int

    def prepare(self, data: Interactions, weights: Weights) -> dict[int, FeaturePrior]:
        """Prepare the priors of the sides that have features, by ``USERS`` and ``ITEMS``."""
        users: Csr | BlockedRows = data.csr
        if data.blocks is None:
            items: Csr | BlockedRows = data.by_item()
        else:
            users, items = data.blocks.users, data.blocks.items
        sides = (
            (data.user_features, data.users, users),
            (data.item_features, data.items, items),
        )
        return {
            at: FeaturePrior.prepare(
                features, ids, rows, weights.penalties(rows, at), gamma=self.gamma, f=self.factors
            )
            for at, (features, ids, rows) in enumerate(sides)
            if features is not None
        }
