"""What training starts from: rows loaded into the engine, and the first factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.engines.base import Engine, Factors, FactorsT, Objective, RowsT
from penchant.models._arguments import codes_in
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.objective import Weights
from penchant.models.als.settings import AlsSettings
from penchant.models.als.state import ITEMS, USERS, State
from penchant.models.als.trainer import Side, Trainer


@dataclass(frozen=True)
class Start:
    """Creates the engine's handles of the first factors of users and items.

    Attributes
    ----------
    engine
        The engine that will hold them.
    factors, dtype
        The number and the type of the factors.
    """

    engine: Engine[Any, Any]
    factors: int
    dtype: str

    def random(self, data: Interactions, seed: int) -> tuple[Any, Any]:
        """Draw the factors of the larger side; zero for the side that is solved first."""
        X, Y = self._zeros(data)
        self._draw(Y if users_first(data) else X, seed)
        return X, Y

    def resume(
        self, data: Interactions, fitted: Interactions, state: State, seed: Sequence[int]
    ) -> tuple[Any, Any]:
        """Take the factors from a fitted state by id; new users are random, new items zero.

        Raises
        ------
        DataError
            If the ids are of another type than the fitted ones.
        """
        X, Y = self._zeros(data)
        if fitted.users != data.users:
            self._draw(X, seed)
        self._carry_over(state.users.vectors, fitted.users, data.users, X)
        self._carry_over(state.items.vectors, fitted.items, data.items, Y)
        return X, Y

    def _zeros(self, data: Interactions) -> tuple[Any, Any]:
        n_users, n_items = data.n_users, data.n_items
        X = self.engine.create_factors(n_users, self.factors, self.dtype)
        return X, self.engine.create_factors(n_items, self.factors, self.dtype)

    def _draw(self, factors: Any, seed: int | Sequence[int]) -> None:
        """Draw factors from N(0, 0.1/√f) (Rendle et al. 2021, section 3.2)."""
        self.engine.initialize(factors, seed=seed, scale=0.1 / float(np.sqrt(self.factors)))

    def _carry_over(self, fitted: Factors, fitted_ids: IdMap, ids: IdMap, factors: Any) -> None:
        """Copy the fitted vectors of those of ``ids`` that were fitted to their rows."""
        if fitted_ids == ids:
            self.engine.assign_rows(factors, fitted)
            return
        codes = codes_in(fitted_ids, ids)
        self.engine.assign_rows(factors, fitted[codes[codes >= 0]], codes >= 0)


def load_trainer(
    engine: Engine[RowsT, FactorsT],
    data: Interactions,
    factors: tuple[FactorsT, FactorsT],
    *,
    settings: AlsSettings,
    weights: Weights,
    priors: Mapping[int, FeaturePrior],
) -> Trainer[RowsT, FactorsT]:
    """Load the rows of both sides into an engine, with as few copies as possible.

    Parameters
    ----------
    engine
        The engine that trains.
    data
        The interactions.
    factors
        The engine's handles of the first factors of users and items.
    settings
        The solver and the momentum.
    weights
        The weights of the objective.
    priors
        The priors that features give to sides, by ``USERS`` and ``ITEMS``.
    """
    if weights.confidence.recency is None:
        by_item = weights.weigh(data.by_item())  # cached by the data, and shared by many fits
        by_user = weights.weigh(data.csr)
    else:
        by_user = weights.weigh(data.csr)
        by_item = by_user.transpose()
    X, Y = factors
    return Trainer(
        engine,
        Side(engine.load_rows(by_user, weights.penalties(by_user, USERS)), X),
        Side(engine.load_rows(by_item, weights.penalties(by_item, ITEMS)), Y),
        objective=Objective(weights.unobserved, settings.solver, settings.cg_steps),
        momentum=settings.momentum,
        users_first=users_first(data),
        priors=priors,
        loss_scale=weights.confidence.unit,
    )


def users_first(data: Interactions) -> bool:
    """Return whether users are solved before items: the smaller side goes first.

    An epoch begins with the random start of the other side; the more rows that has, the more of
    the interactions' structure survives in their random combinations. On HetRec Last.fm the loss
    after four epochs is 15 % lower than in the other order.
    """
    return data.n_users <= data.n_items
