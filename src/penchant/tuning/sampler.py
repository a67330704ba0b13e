"""Sampling of the settings of a trial from its number, the seed and the finished trials.

They depend on nothing else, so an interrupted tuning run resumes with the same settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from penchant.tuning.space import Point, Space, encode

Kind = Literal["grid", "random", "tpe"]
STARTUP = 10
"""The number of random trials before TPE models the results."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return the varying settings as distributions of Optuna."""
    return {
        name: CategoricalDistribution([encode(value) for value in space.choices[name]])
        if name in space.choices
        else _of_range(space, name)
        for name in space.names
    }


def _of_range(space: Space, name: str) -> BaseDistribution:
    limits = space.ranges[name]
    if limits.whole:
        return IntDistribution(int(limits.low), int(limits.high), log=limits.log)
    return FloatDistribution(limits.low, limits.high, log=limits.log)


def point_of(space: Space, params: dict[str, Any]) -> Point:
    """Return the parameters of an Optuna trial as settings."""
    point = {}
    for name in space.names:
        decoded = {encode(value): value for value in space.choices.get(name, ())}
        point[name] = decoded.get(params[name], params[name])
    return point


class NumberedSampler(optuna.samplers.BaseSampler):
    """Returns the points of a grid in order, random points, or points proposed by TPE.

    The tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter
    optimization") is that of Optuna, multivariate, with a seed for each trial.
    """

    def __init__(self, space: Space, kind: Kind, seed: int) -> None:
        self._space, self._kind, self._seed = space, kind, seed
        grid = space.grid(seed) if kind == "grid" else []
        self._point: Callable[[int], Point] = (
            grid.__getitem__ if grid else lambda number: space.draw(seed, number)
        )

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all varying settings: they are sampled jointly."""
        return {
            name: distribution
            for name, distribution in distributions(self._space).items()
            if not distribution.single()
        }

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """Return the parameters of a trial."""
        proposed = self._propose(study, trial, search_space) if self._kind == "tpe" else {}
        drawn = {name: encode(value) for name, value in self._point(trial.number).items()}
        return drawn | proposed

    def _propose(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        seed = np.random.SeedSequence([self._seed, trial.number]).generate_state(1)[0]
        tpe = optuna.samplers.TPESampler(
            seed=int(seed), n_startup_trials=STARTUP, multivariate=True
        )
        return tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return one parameter, which Optuna requests if only one value is possible."""
        return encode(self._point(trial.number)[param_name])
