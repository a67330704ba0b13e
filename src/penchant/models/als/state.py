"""The trained state of an ALS model: factors, priors, and what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from penchant.engines.base import Engine, Factors, Spectrum
from penchant.models._scoring.frozen import freeze
from penchant.models.als.feature_prior import FeaturePrior

USERS, ITEMS = 0, 1

_COEFFICIENTS = "user_coefficients", "item_coefficients"
"""The names of the priors' coefficients in a file."""


@dataclass(frozen=True, eq=False)
class SideState:
    """The trained factors of one side.

    Attributes
    ----------
    engine
        The engine that computes the spectrum.
    source
        The factors, shape (n, f); while training goes on, the engine's handle of them.
    prior
        The prior that features give the factors, if any.
    in_training
        Whether ``source`` is a handle.
    """

    engine: Engine[Any, Any]
    source: Any
    prior: FeaturePrior | None = None
    in_training: bool = False

    @cached_property
    def factors(self) -> Factors:
        """The factors, shape (n, f); zero for rows without entries."""
        if not self.in_training:
            return np.asanyarray(self.source)
        return self.engine.to_numpy(self.source)

    @cached_property
    def vectors(self) -> Factors:
        """The factors, with predictions of the prior in rows without entries."""
        if self.prior is None:
            return self.factors
        return freeze(self.prior.filled(self.factors))

    @cached_property
    def spectrum(self) -> Spectrum:
        """The spectrum of the factors' Gram matrix."""
        return self.engine.spectrum(self.factors)

    def copy(self) -> Self:
        """Return the state with a copy of the factors."""
        return type(self)(self.engine, np.array(self.factors, order="C"), self.prior)

    def finished(self) -> Self:
        """Return the state after training, its factors contiguous and read-only."""
        return type(self)(self.engine, freeze(np.ascontiguousarray(self.factors)), self.prior)


class State(NamedTuple):
    """The trained state of both sides, indexed by ``USERS`` and ``ITEMS``."""

    users: SideState
    items: SideState

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a file: factors, and coefficients of priors."""
        arrays = {"user_factors": self.users.factors, "item_factors": self.items.factors}
        for name, side in zip(_COEFFICIENTS, self, strict=True):
            if side.prior is not None:
                arrays[name] = side.prior.coefficients
        return arrays

    def with_priors(
        self, priors: Mapping[int, FeaturePrior], arrays: Mapping[str, npt.NDArray[Any]]
    ) -> State:
        """Return the state with priors that have the coefficients of a file.

        Raises
        ------
        KeyError, ValueError
            If coefficients are missing or their shape does not fit.
        """
        users, items = (
            replace(side, prior=priors[at].with_coefficients(arrays[_COEFFICIENTS[at]]))
            if at in priors
            else side
            for at, side in enumerate(self)
        )
        return State(users, items)
