"""The fitted part of ALS models: factors, fold-in, scores, explanations and files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from penchant.data.interactions import Csr, Interactions, histories_to_csr
from penchant.engines.base import F64, Engine, Factors
from penchant.models._arguments import History, need_items
from penchant.models._finite import check_folded
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.als.explain import contributions
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.fold_in import fold_in
from penchant.models.als.objective import Weights
from penchant.models.als.state import ITEMS, USERS, SideState, State
from penchant.models.als.trainer import Trainer
from penchant.models.base import Metric, vector_scorer
from penchant.models.capabilities import Explains, FoldsInUsers, HasItemVectors, HasUserVectors
from penchant.models.iterative import Iterative


class Factorization(Iterative, HasItemVectors, HasUserVectors, FoldsInUsers, Explains):
    """A model whose scores are inner products of the factors of users and items."""

    factors: int
    dtype: Any
    threads: int | None

    _engine: Engine[Any, Any]
    _state: State
    """The trained factors, once the model is fitted."""
    _trainer: Trainer[Any, Any] | None
    """The trainer while ``on_epoch`` runs."""

    @property
    @abstractmethod
    def _weights(self) -> Weights:
        """The weights of the objective."""

    def _feature_priors(self, data: Interactions) -> dict[int, FeaturePrior]:
        """Prepare the priors that features give to the sides; none in plain ALS."""
        return {}

    # --- the fitted model ----------------------------------------------------------

    @property
    def user_factors(self) -> Factors:
        """Shape (n_users, factors), in the order of ``interactions.users``."""
        _ = self.interactions
        return self._state.users.vectors

    @property
    def item_factors(self) -> Factors:
        """Shape (n_items, factors), in the order of ``interactions.items``."""
        _ = self.interactions
        return self._state.items.vectors

    def fold_in_users(self, histories: Interactions | Iterable[History]) -> Factors:
        """Compute vectors of new users from their histories.

        Parameters
        ----------
        histories
            Lists of items or mappings item → value, one for each user; or interactions over the
            model's items.

        Returns
        -------
        ndarray
            Shape (n, factors): with the item vectors fixed, the least-squares solution for each;
            zero for an empty history. A known user's history gives the user's own vector.

        Raises
        ------
        UnknownIdError
            If an item is unknown.
        """
        if not isinstance(histories, Interactions):
            return self._fold_in(self.interactions.rows_of(histories))
        need_items(histories, self.items)
        return self._fold_in(histories.csr)

    def fold_in_items(self, audiences: Iterable[History]) -> Factors:
        """Compute vectors of new items from their audiences.

        Parameters
        ----------
        audiences
            The users of each item: lists of users or mappings user → value.

        Returns
        -------
        ndarray
            Shape (n, factors): with the user vectors fixed, the least-squares solution for each.

        Raises
        ------
        UnknownIdError
            If a user is unknown.
        """
        return self._fold_in(histories_to_csr(audiences, self.users), side=ITEMS)

    def _fold_in(self, rows: Csr, means: F64 | None = None, *, side: int = USERS) -> Factors:
        state, weights = self._state, self._weights
        vectors = fold_in(self._engine, rows, side=side, state=state, weights=weights, means=means)
        check_folded(vectors, self.interactions)
        return vectors

    # --- state ---------------------------------------------------------------------

    def snapshot(self) -> Self:
        """See :meth:`Model.snapshot`; in ``on_epoch`` it solves the users, half an epoch's work."""
        result = super().snapshot()
        result._epochs, result._trainer = list(self._epochs), None
        state = self._state
        if self._trainer is not None:
            trainer = self._trainer.copy()
            trainer.finish()
            state = trainer.state()
        else:
            state = State(*(side.copy() for side in state))
        result._keep(self.interactions, State(*(side.finished() for side in state)))
        return result

    def _keep(self, data: Interactions, state: State) -> None:
        self._interactions, self._state = data, state
        self._drop_indexes()

    # --- the contract --------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        vectors = self._fold_in(rows) if users is None else self.user_factors[users]
        index = self._index("items", self.item_factors)
        return FactorScorer(vectors, index, threads=self.threads)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("items", self.item_factors)
        return vector_scorer(index, items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("users", self.user_factors)
        return vector_scorer(index, users, metric, self.threads)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        return contributions(row, item, self._state, self._weights)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._state.to_arrays()

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        X, Y, data = arrays["user_factors"], arrays["item_factors"], self.interactions
        users, items = SideState(self._engine, freeze(X)), SideState(self._engine, freeze(Y))
        priors = self._feature_priors(data)
        self._keep(data, State(users, items).with_priors(priors, arrays))
