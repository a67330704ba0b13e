"""What training starts from: rows loaded into the engine, and the first factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

import numpy as np
import numpy.typing as npt

from penchant.data.blocks import BlockedRows, MemoryBlocks
from penchant.data.csr import Csr
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.engines.base import (
    BlockEngine,
    Bounds,
    Engine,
    Factors,
    FactorsT,
    Objective,
    RowsT,
)
from penchant.errors import DataError
from penchant.models._arguments import codes_in
from penchant.models.als.confidence import Confidence
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.objective import Weights
from penchant.models.als.settings import AlsSettings
from penchant.models.als.solver import solver_on
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
    bounds
        The bounds of the blocks of users and of items.
    """

    engine: Engine[Any, Any]
    factors: int
    dtype: str
    bounds: tuple[Bounds, Bounds]

    def random(self, data: Interactions, seed: int) -> tuple[Any, Any]:
        """Draw the factors of the larger side; zero for the side that is solved first."""
        X, Y = self._zeros()
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
        X, Y = self._zeros()
        if fitted.users != data.users:
            self._draw(X, seed)
        self._carry_over(state.users.vectors, fitted.users, data.users, X)
        self._carry_over(state.items.vectors, fitted.items, data.items, Y)
        return X, Y

    def of(self, state: State) -> tuple[Any, Any]:
        """Load the factors of a trained state for reading."""
        users, items = (
            self.engine.from_numpy(side.factors, bounds)
            for side, bounds in zip(state, self.bounds, strict=True)
        )
        return users, items

    def _zeros(self) -> tuple[Any, Any]:
        users, items = self.bounds
        X = self.engine.create_factors(users, self.factors, self.dtype)
        return X, self.engine.create_factors(items, self.factors, self.dtype)

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


@dataclass(frozen=True, eq=False)
class Rows(Generic[RowsT]):
    """An engine's handles of the weighted rows of both sides.

    Attributes
    ----------
    users, items
        The handles.
    bounds
        The bounds of the blocks of users and of items.
    """

    users: RowsT
    items: RowsT
    bounds: tuple[Bounds, Bounds]


class WeightedBlocks(BlockedRows):
    """Rows in blocks with c − α0, signed by the preference, as values; weighted when read."""

    def __init__(self, source: BlockedRows, confidence: Confidence) -> None:
        self._source, self._confidence = source, confidence
        self.blocks, self.n_columns = source.blocks, source.n_columns

    @cached_property
    def row_counts(self) -> npt.NDArray[np.int64]:
        """See :attr:`BlockedRows.row_counts`."""
        return self._source.row_counts

    def read(self, number: int) -> Csr:
        """See :meth:`BlockedRows.read`."""
        rows = self._source.read(number)
        if self._confidence.recency is not None and rows.times is None:
            raise DataError("half_life needs the times of interactions in the blocks of both sides")
        return self._confidence.weigh(rows)


def load_rows(engine: Engine[RowsT, Any], data: Interactions, weights: Weights) -> Rows[RowsT]:
    """Load the rows of both sides into an engine, with as few copies as possible.

    Parameters
    ----------
    engine
        The engine that trains.
    data
        The interactions.
    weights
        The weights of the objective.
    """
    if isinstance(engine, BlockEngine):
        return _load_blocks(engine, data, weights)
    users, items = _weighted_sides(data, weights)
    return Rows(
        engine.load_rows(users, weights.penalties(users, USERS)),
        engine.load_rows(items, weights.penalties(items, ITEMS)),
        ((0, data.n_users), (0, data.n_items)),
    )


def _load_blocks(
    engine: BlockEngine[RowsT, Any], data: Interactions, weights: Weights
) -> Rows[RowsT]:
    """Load the blocks of data on disk; others are cut into blocks."""
    users: BlockedRows
    items: BlockedRows
    if data.blocks is not None:
        sides = data.blocks.users, data.blocks.items
        users, items = (WeightedBlocks(side, weights.confidence) for side in sides)
    else:
        size = engine.entries_per_block
        users, items = (MemoryBlocks(side, size) for side in _weighted_sides(data, weights))
    return Rows(
        engine.load_blocks(users, weights.penalties(users, USERS)),
        engine.load_blocks(items, weights.penalties(items, ITEMS)),
        (users.bounds, items.bounds),
    )


def _weighted_sides(data: Interactions, weights: Weights) -> tuple[Csr, Csr]:
    """Return the weighted rows of users and of items, in memory."""
    if weights.confidence.recency is None:
        by_item = weights.weigh(data.by_item())  # cached by the data, and shared by many fits
        return weights.weigh(data.csr), by_item
    by_user = weights.weigh(data.csr)
    return by_user, by_user.transpose()


def load_trainer(
    engine: Engine[RowsT, FactorsT],
    data: Interactions,
    rows: Rows[RowsT],
    factors: tuple[FactorsT, FactorsT],
    *,
    settings: AlsSettings,
    weights: Weights,
    priors: Mapping[int, FeaturePrior],
) -> Trainer[RowsT, FactorsT]:
    """Create the trainer of rows and factors in an engine.

    Parameters
    ----------
    engine
        The engine that trains.
    data
        The interactions.
    rows
        The engine's handles of their rows.
    factors
        The engine's handles of the first factors of users and items.
    settings
        The solver and the momentum.
    weights
        The weights of the objective.
    priors
        The priors that features give to sides, by ``USERS`` and ``ITEMS``.
    """
    X, Y = factors
    return Trainer(
        engine,
        Side(rows.users, X),
        Side(rows.items, Y),
        objective=Objective(weights.unobserved, solver_on(settings, data), settings.cg_steps),
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
