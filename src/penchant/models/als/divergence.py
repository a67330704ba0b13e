"""Checks of extreme weights: that they can be solved, and that the training has led somewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant.data.blocks import BlockedRows
from penchant.data.interactions import Interactions
from penchant.engines.wide_rows import RATIO
from penchant.errors import NumericError
from penchant.models._finite import advice
from penchant.models.als.objective import Weights
from penchant.models.als.settings import AlsSettings
from penchant.models.als.state import USERS
from penchant.models.als.statistics import rows_of_users, warn_of_spread
from penchant.models.als.trainer import Trainer

_TOLERANCE = 1.01
_SOLVABLE = {"float32": 1e11, "float64": 1e14}
"""The ratio of the largest weight to α0 + λ up to which scores are right to about 0.001."""


def check_values(weights: Weights, data: Interactions, settings: AlsSettings) -> None:
    """Warn of values that outweigh the others, and refuse those that can't be solved.

    Raises
    ------
    NumericError
        If weights differ by more than the factors can solve.
    """
    if settings.confidence == "linear":
        warn_of_spread(rows_of_users(data), weights.statistics.largest, data.name)
    check_range(weights, data, settings.dtype)


def check_range(weights: Weights, data: Interactions, dtype: str) -> None:
    """Refuse weights that differ by more than factors of a type can solve.

    A score near 1 is rounded by ε, which changes the loss by its weight times ε². Where weights are
    so large that this outweighs all cells of weight α0, rows are solved for the rounding: scores
    of 10¹³ were seen, and losses that rise. Rows of wide range are solved in float64
    (:mod:`penchant.engines.wide_rows`), but factors are stored in their own type.

    Raises
    ------
    NumericError
        If they differ by more.
    """
    largest, smallest = _extremes(weights, data)
    if weights.unobserved and largest > _SOLVABLE[dtype] * smallest:
        raise NumericError(
            f"the weights of {data.name!r} differ by a factor of {largest / smallest:.0e}, and "
            f"factors of {dtype} can solve {_SOLVABLE[dtype]:.0e} at most; {advice(data)}"
        )


def check_loss(trainer: Trainer[Any, Any], weights: Weights, data: Interactions) -> None:
    """Compare the loss with that of vectors of zero, where weights are extreme.

    The last step solves the users exactly, so that in exact arithmetic the loss is at most that
    of users at zero: the confidence of all likes and the penalty of the items. A larger one is
    due to rounding. Data of the usual range are not looked at.

    Raises
    ------
    NumericError
        If the loss is larger, or not finite.
    """
    largest, smallest = _extremes(weights, data)
    if largest <= RATIO * smallest:
        return
    at_zero = weights.confidence.unit * _weight_of_likes(weights, rows_of_users(data))
    bound = _TOLERANCE * (at_zero + trainer.item_penalty())
    with np.errstate(over="ignore", invalid="ignore"):
        loss = trainer.loss()
    if not loss <= bound:
        raise NumericError(
            f"training on {data.name!r} diverged: the loss is {loss:.3g}, and {at_zero:.3g} with "
            f"vectors of zero; {advice(data)}"
        )


def _extremes(weights: Weights, data: Interactions) -> tuple[float, float]:
    """Return the largest weight, and the smallest α0 + λ of a user."""
    largest = weights.confidence_delta_of(weights.statistics.largest)
    return largest, weights.unobserved + float(weights.penalties(rows_of_users(data), USERS).min())


def _weight_of_likes(weights: Weights, rows: BlockedRows) -> float:
    """Compute Σ c over the likes, over the unit."""
    total = 0.0
    for _, block in rows:
        values = weights.weigh(block).values
        likes = values[values > 0].astype(np.float64)
        total += float((weights.unobserved + likes).sum())
    return total
