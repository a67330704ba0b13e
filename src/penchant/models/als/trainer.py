"""The training loop of ALS: half steps, momentum, feature priors, interruption.

The trainer works on an engine's handles of rows and factors and never looks inside them.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Self

import numpy as np
import numpy.typing as npt

from penchant.engines.base import Engine, FactorsT, Objective, Rotation, RowsT
from penchant.models.als.feature_prior import FeaturePrior
from penchant.models.als.momentum import Momentum
from penchant.models.als.state import ITEMS, USERS, SideState, State
from penchant.models.epoch import Epoch

log = logging.getLogger("penchant")


@dataclass(frozen=True, eq=False)
class Side(Generic[RowsT, FactorsT]):
    """An engine's handles of the rows of one side and of their factors."""

    rows: RowsT
    factors: FactorsT


class Trainer(Generic[RowsT, FactorsT]):
    """Alternating least squares on the handles of an engine.

    Parameters
    ----------
    engine
        The engine that holds the rows and factors.
    users, items
        The two sides.
    objective
        The weights of the objective and the solver.
    momentum
        The upper bound of the momentum, see :class:`penchant.models.als.momentum.Momentum`.
    users_first
        Whether users are solved before items.
    priors
        The priors that features give to sides, by ``USERS`` and ``ITEMS``.
    loss_scale
        The factor of the loss.
    """

    def __init__(
        self,
        engine: Engine[RowsT, FactorsT],
        users: Side[RowsT, FactorsT],
        items: Side[RowsT, FactorsT],
        *,
        objective: Objective,
        momentum: float,
        users_first: bool,
        priors: Mapping[int, FeaturePrior],
        loss_scale: float = 1.0,
    ) -> None:
        self._engine, self._sides = engine, (users, items)
        self._objective, self._loss_scale = objective, loss_scale
        self._momentum = Momentum(engine, momentum)
        self._order = (USERS, ITEMS) if users_first else (ITEMS, USERS)
        self._priors = dict(priors)
        self._fitted: frozenset[int] = frozenset()  # sides unchanged since their prior was fitted
        self._users_open = objective.solver != "exact" or users_first

    def run(
        self, iterations: int, *, first: int, seconds: float, track_loss: bool
    ) -> Iterator[Epoch]:
        """Train epoch by epoch; stop early when the caller stops iterating.

        Parameters
        ----------
        iterations
            The number of epochs.
        first
            The number of the first.
        seconds
            Time spent on training before; what the caller does between epochs does not count.
        track_loss
            Compute the loss after each epoch.
        """
        begun = time.perf_counter()
        for side in self._sides:  # before the first half step: they must not influence others
            self._engine.clear_empty_rows(side.rows, side.factors)
        for number in range(first, first + iterations):
            self._engine.begin_epoch(number)
            self._epoch()
            seconds += time.perf_counter() - begun
            loss = self.loss() if track_loss else None
            log.debug("ALS epoch %d: %.3f s so far, loss %s", number, seconds, loss)
            yield Epoch(number, seconds, loss)
            begun = time.perf_counter()

    def finish(self) -> None:
        """Solve the users exactly for the final items, unless they are solved so already."""
        if self._users_open:
            self._half_step(USERS, replace(self._objective, solver="exact"))
        self._users_open = False

    def copy(self) -> Self:
        """Copy the trainer and its factors; the rows are shared."""
        result = copy.copy(self)
        users, items = (
            replace(side, factors=self._engine.copy_factors(side.factors)) for side in self._sides
        )
        result._sides = users, items
        return result

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the state after an epoch as arrays, for a checkpoint."""
        users, items = (self._engine.to_numpy(side.factors) for side in self._sides)
        arrays = {"users": users, "items": items, **self._momentum.to_arrays(users.shape[1])}
        for at, prior in self._priors.items():
            arrays[f"coefficients_{at}"] = prior.coefficients
        return arrays

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Restore the state of :meth:`to_arrays`."""
        for side, name in zip(self._sides, ("users", "items"), strict=True):
            self._engine.assign_rows(side.factors, arrays[name])
        self._momentum.restore(arrays, self._sides[self._order[0]].factors)
        self._priors = {
            at: prior.with_coefficients(np.array(arrays[f"coefficients_{at}"]))
            for at, prior in self._priors.items()
        }
        self._fitted = frozenset({ITEMS} & set(self._priors))  # as after an epoch

    def state(self) -> State:
        """Return the present state of the factors, valid until training goes on."""
        users, items = (
            SideState(self._engine, side.factors, self._priors.get(at), in_training=True)
            for at, side in enumerate(self._sides)
        )
        return State(users, items)

    def loss(self) -> float:
        """Compute the training objective in closed form (one pass over the rows)."""
        engine, unobserved = self._engine, self._objective.unobserved_weight
        users, items = self._sides
        X, Y = users.factors, items.factors
        everywhere = engine.squared_sum(X, Y)
        penalty = engine.penalty(users.rows, X) + engine.penalty(items.rows, Y)
        observed = engine.observed_loss(users.rows, X, Y, unobserved)
        of_priors = sum(
            self._priors[at].penalty(engine, side.rows, side.factors)
            for at, side in enumerate(self._sides)
            if at in self._priors
        )
        plain = self._loss_scale * (observed + unobserved * everywhere + penalty)
        return plain + self._loss_scale * of_priors

    def item_penalty(self) -> float:
        """Compute the penalty of the items' factors in the loss, without that of a prior."""
        items = self._sides[ITEMS]
        return self._loss_scale * self._engine.penalty(items.rows, items.factors)

    def _epoch(self) -> None:
        first, second = self._order
        self._momentum.rotated(self._half_step(first, self._objective))
        self._momentum.extrapolate(self._sides[first].factors)
        self._momentum.rotated(self._half_step(second, self._objective))
        self._fit_prior(ITEMS)  # that of users stays as they were solved, as fold-in needs it

    def _half_step(self, at: int, objective: Objective) -> Rotation:
        side, other = self._sides[at], self._sides[1 - at]
        self._fit_prior(at)
        prior = self._priors.get(at)
        self._fitted -= {at}
        try:
            Q = self._engine.half_step(
                rows=side.rows,
                fixed=other.factors,
                solved=side.factors,
                objective=objective,
                prior=None if prior is None else prior.row_prior,
            )
        except BaseException:  # the factors may be rotated or not: fit the priors to them again
            self._fitted = frozenset()
            self._fit_prior(at)
            self._fit_prior(1 - at)
            raise
        self._priors = {key: prior.rotated(Q) for key, prior in self._priors.items()}
        return Q

    def _fit_prior(self, at: int) -> None:
        """Fit the prior of a side, if it has one, unless the side is unchanged since."""
        if at in self._priors and at not in self._fitted:
            prior = self._priors[at].fitted(self._engine, self._sides[at].factors)
            self._priors = {**self._priors, at: prior}
            self._fitted |= {at}
