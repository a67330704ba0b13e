"""The record of one training epoch, and the callback that receives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """The state of training after an epoch.

    Attributes
    ----------
    number
        1 for the first.
    seconds
        Training time so far, without callbacks.
    loss
        The training objective, or None where it was not computed.
    """

    number: int
    seconds: float
    loss: float | None = None


OnEpoch = Callable[[Epoch], bool | None]
"""Called after each epoch; returning True ends the training there."""
