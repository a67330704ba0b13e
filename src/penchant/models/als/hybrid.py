"""Hybrid ALS: factors with a prior that is linear in the features of users and items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.declarations import Setting
from penchant.data.feature_rows import FeatureRow
from penchant.data.interactions import Csr, Interactions
from penchant.engines.base import F64, Factors
from penchant.errors import DataError, SettingsError, UnsupportedError
from penchant.models._arguments import History
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.als.factor_model import FactorModel
from penchant.models.als.feature_prior import FeaturePriors
from penchant.models.als.state import ITEMS, USERS
from penchant.models.capabilities import HasFeatureVectors
from penchant.models.cold_start import FeatureModel
from penchant.models.search import Search


@dataclass(kw_only=True, eq=False)
class HybridALS(FeatureModel, FactorModel, HasFeatureVectors):
    """Factorize implicit feedback by ALS, with a prior from features of users and items.

    The vector of an item is the sum of what its features predict and a part of its own,
    y_i = Gᵀf_i + e_i, and likewise x_u = Hᵀf_u + e_u for users. The penalty is on the own parts:
    the objective is that of :class:`penchant.ALS` with

        Σ_i λ_i ‖y_i − Gᵀf_i‖² + γ λ̄ ‖G‖²   in the place of   Σ_i λ_i ‖y_i‖²

    and likewise for users. λ̄ is the mean of the λ_i, and the last element of f is a constant 1.
    An item without interactions has the vector Gᵀf_i; the more interactions it has, the more its
    vector depends on them.

    The features are those of the interactions that the model is fitted on
    (:meth:`penchant.Interactions.with_item_features`, ``with_user_features``). A side without
    features is fitted as in :class:`penchant.ALS`. Before each half step, G is fitted by ridge
    regression of the side's vectors on the features; the half step then solves the side with the
    predictions as prior means. Both lower the same objective. This combines collective
    factorization (Singh & Gordon 2008) with regression-based priors (Agarwal & Chen 2009).

    The larger λ is, the more the features determine the vectors of rows with interactions. With
    λ = 0 they only determine those of rows without.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    feature_regularization: Annotated[
        float,
        Setting(
            above=0,
            unit="rows",
            help="Penalty γ on the features' coefficients.",
            details="It counts as much against each feature as γ rows that have it.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 1.0

    kind: ClassVar[str] = "hybrid-als"
    search: ClassVar[Search] = replace(FactorModel.search, needs_features=True)
    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        **FactorModel.arrays,
        "user_coefficients": ArraySpec("float64", ("n_user_coefficients", "factors")),
        "item_coefficients": ArraySpec("float64", ("n_item_coefficients", "factors")),
    }

    @property
    def _feature_priors(self) -> FeaturePriors:
        return FeaturePriors(self.feature_regularization, self.factors)

    # --- the fitted model ----------------------------------------------------------

    @property
    def scores_cold_items(self) -> bool:
        """Whether the model was fitted on items with features."""
        return self._interactions is not None and self._state.items.prior is not None

    @property
    def item_feature_factors(self) -> Factors | None:
        """Shape (n_features, factors): the rows of G; None without features of items."""
        prior = self._state.items.prior if self._interactions is not None else None
        return None if prior is None else prior.coefficients[:-1].astype(self.dtype)

    def fold_in_users(
        self,
        histories: Interactions | Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> Factors:
        """Compute vectors of new users from their histories and features.

        With an empty history the vector depends on the features only.

        Parameters
        ----------
        histories
            As for :meth:`penchant.ALS.fold_in_users`; interactions bring their own features.
        features
            For each history: names of features, or a mapping name → weight. None: no features.
            Unknown names are ignored, and a warning is logged.

        Returns
        -------
        ndarray
            Shape (n, factors).

        Raises
        ------
        UnknownIdError
            If an item is unknown.
        DataError
            If the numbers of features and histories differ, or interactions are not over the
            model's items.
        SettingsError
            If there are features beside interactions.
        UnsupportedError
            If the model was fitted without features of users.
        """
        rows = self._history_rows(histories)
        if not isinstance(histories, Interactions):
            return self._fold_in(rows, self._means(USERS, rows.n_rows, features))
        if features is not None:
            raise SettingsError("interactions bring their own features: use with_user_features")
        prior, own = self._state.users.prior, histories.user_features
        means = None if prior is None or own is None else prior.predict_like(own, histories.users)
        return self._fold_in(rows, means)

    def fold_in_items(
        self,
        audiences: Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> Factors:
        """Compute vectors of new items from their audiences and features.

        With an empty audience the vector depends on the features only.

        Parameters
        ----------
        audiences
            As for :meth:`penchant.ALS.fold_in_items`.
        features
            As for :meth:`fold_in_users`, of items.

        Returns
        -------
        ndarray
            Shape (n, factors).

        Raises
        ------
        UnknownIdError
            If a user is unknown.
        DataError
            If the numbers of features and audiences differ.
        UnsupportedError
            If the model was fitted without features of items.
        """
        rows = self._audience_rows(audiences)
        return self._fold_in(rows, self._means(ITEMS, rows.n_rows, features), side=ITEMS)

    def _means(self, side: int, n: int, features: Iterable[FeatureRow] | None) -> F64 | None:
        """Compute the vectors that the features of n new rows predict; None without features."""
        if features is None:
            return None
        rows = list(features)
        if len(rows) != n:
            raise DataError(f"features of {len(rows):,} for {n:,} histories")
        prior = self._state[side].prior
        if prior is None:
            kind = "user" if side == USERS else "item"
            raise UnsupportedError(
                f"the model was fitted without features of {kind}s: fit it on "
                f"interactions.with_{kind}_features(…)"
            )
        return prior.predict_rows(rows)

    # --- the contract --------------------------------------------------------------

    def _sizes(self) -> dict[str, int | str]:
        """Add the numbers of coefficients: one for each feature and one for the constant."""
        sizes, data = super()._sizes(), self._trained_on
        for side, features in (("user", data.user_features), ("item", data.item_features)):
            if features is not None:
                sizes[f"n_{side}_coefficients"] = features.n_features + 1
        return sizes

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`penchant.models.base.Model.scorer`; other users bring their features."""
        if interactions is self.interactions or self._state.users.prior is None:
            return super().scorer(interactions)
        return self._user_vectors_scorer(self.fold_in_users(interactions))

    def _user_vectors_scorer(self, vectors: Factors) -> Scorer:
        return FactorScorer(vectors, self._index("items", self.item_factors), threads=self.threads)

    def _vectors_of_users(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Factors:
        if users is not None:
            return np.asarray(self.user_factors[users])
        return self._fold_in(rows, self._means(USERS, rows.n_rows, features))

    def _vectors_of_items(self, features: Sequence[FeatureRow]) -> Factors:
        means = self._means(ITEMS, len(features), features)
        assert means is not None
        return means.astype(self.dtype)
