"""How training goes, epoch by epoch, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """How training stands after an epoch.

    Attributes
    ----------
    number
        1 for the first.
    seconds
        Spent on training so far, callbacks left out.
    loss
        The training objective, or None where it was not asked for.
    """

    number: int
    seconds: float
    loss: float | None = None


OnEpoch = Callable[[Epoch], bool | None]
"""Called after each epoch; returning True ends the training there."""
