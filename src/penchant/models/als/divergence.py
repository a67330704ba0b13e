"""The check that a training on extreme weights has led somewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from penchant.data.interactions import Interactions
from penchant.engines.wide_rows import RATIO
from penchant.errors import NumericError
from penchant.models._finite import advice
from penchant.models.als.confidence import magnitude_range
from penchant.models.als.objective import Weights
from penchant.models.als.state import USERS
from penchant.models.als.trainer import Trainer

_TOLERANCE = 1.01


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
    largest = weights.confidence_delta_of(magnitude_range(data.csr.values)[1])
    smallest = weights.unobserved + weights.penalties(data.csr, USERS).min()
    if largest <= RATIO * smallest:
        return
    rows = weights.weigh(data.csr)
    likes = rows.values[rows.values > 0].astype(np.float64)
    at_zero = weights.confidence.unit * float((weights.unobserved + likes).sum())
    bound = _TOLERANCE * (at_zero + trainer.item_penalty())
    with np.errstate(over="ignore", invalid="ignore"):
        loss = trainer.loss()
    if not loss <= bound:
        raise NumericError(
            f"training on {data.name!r} diverged: the loss is {loss:.3g}, and {at_zero:.3g} with "
            f"vectors of zero; {advice(data)}"
        )
