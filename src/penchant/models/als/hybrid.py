"""WRMF with features: factors with a prior that is linear in the features of users and items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

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


@dataclass(kw_only=True, eq=False)
class HybridALS(FeatureModel, FactorModel, HasFeatureVectors):
    """ALS whose vectors have a part that is linear in the features of users and items.

    A vector is what the row's features predict and a part of its own, y_i = Gᵀf_i + e_i and
    likewise x_u = Hᵀf_u + e_u, with penalties on these parts: the objective of
    :class:`penchant.ALS` with

        Σ_i λ_i ‖y_i − Gᵀf_i‖² + γ λ̄ ‖G‖²   in the place of   Σ_i λ_i ‖y_i‖²

    and likewise for users, λ̄ being the mean of the λ_i; f ends in a constant 1. An item nobody has
    taken to gets Gᵀf_i; the more interactions it has, the further its vector goes its own way.

    The features are those of the interactions it is fitted on
    (:meth:`penchant.Interactions.with_item_features`, ``with_user_features``); a side without
    features is as in :class:`penchant.ALS`. Each half step solves a side with its prior means, and
    before it G is found by ridge regression of the side's vectors on the features: every step
    lowers the one objective (the idea of collective factorization, Singh & Gordon 2008, and of
    regression-based priors, Agarwal & Chen 2009).

    The larger λ is, the more the features determine the vectors of rows that have interactions;
    with λ = 0 they only determine those of rows without.

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
        """Shape (n features, factors): the part of each feature in an item's vector, if any."""
        prior = self._state.items.prior if self._interactions is not None else None
        return None if prior is None else prior.coefficients[:-1].astype(self.dtype)

    def fold_in_users(
        self,
        histories: Interactions | Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> Factors:
        """Compute vectors of new users from their histories and features.

        As :meth:`penchant.ALS.fold_in_users`, with the features of each user if they are known:
        names, or a mapping name → weight. Features that are unknown to the model are ignored
        with a warning. With an empty history the vector comes from the features alone. The
        features of interactions are used, and ``features`` is not allowed beside them.
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

        As :meth:`penchant.ALS.fold_in_items`, with the features of each item: see
        :meth:`fold_in_users`. An item with an empty audience gets a vector from its features alone.
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
