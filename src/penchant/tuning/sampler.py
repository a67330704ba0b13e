"""Which settings a trial gets: a function of its number, the seed and what is finished.

Nothing else, so that a search that was stopped goes on as if it had not been.
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
"""Trials drawn at random before TPE has enough to go by."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The settings that vary, as Optuna sees them."""
    return {
        name: CategoricalDistribution([encode(value) for value in space.choices[name]])
        if name in space.choices
        else _of_range(space, name)
        for name in space.names
    }


def _of_range(space: Space, name: str) -> BaseDistribution:
    one = space.ranges[name]
    if one.whole:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def point_of(space: Space, params: dict[str, Any]) -> Point:
    """A trial's parameters as settings."""
    found = {}
    for name in space.names:
        back = {encode(value): value for value in space.choices.get(name, ())}
        found[name] = back.get(params[name], params[name])
    return found


class NumberedSampler(optuna.samplers.BaseSampler):
    """The points of a grid in order, points drawn at random, or those that TPE proposes.

    Tree-structured Parzen estimators (Bergstra et al. 2011, "Algorithms for hyper-parameter
    optimization") are Optuna's, all settings jointly, with a seed of the trial's own.
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
        """All settings that vary: they are chosen together."""
        return {name: one for name, one in distributions(self._space).items() if not one.single()}

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """The parameters of a trial."""
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
        """One parameter alone, which Optuna asks for where only one value is possible."""
        return encode(self._point(trial.number)[param_name])
