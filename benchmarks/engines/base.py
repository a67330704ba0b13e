"""What an adapter of a library is to the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.datasets import Rows
from benchmarks.objective import Weights

Factors = tuple[npt.NDArray[Any], npt.NDArray[Any]]
"""Users' and items' vectors."""


@dataclass(frozen=True)
class Setting:
    """How to fit."""

    factors: int
    epochs: int
    threads: int = 2
    weights: Weights = field(default_factory=Weights)
    seed: int = 0


class AfterEpoch(Protocol):
    """Called after every epoch, with what gets the factors; True: that is enough.

    A library that can't be stopped between epochs says how many it did and in what time.
    """

    def __call__(
        self,
        factors: Callable[[], Factors] | None,
        *,
        number: int | None = None,
        seconds: float | None = None,
    ) -> bool: ...


Fit = Callable[[AfterEpoch], None]
"""A fit that is ready to go: the data already lie in the library's own form."""


class Served(NamedTuple):
    """A model that answers, each call a whole pass over what is asked."""

    recommend: Callable[[npt.NDArray[np.int64], int], Any] | None
    similar: Callable[[npt.NDArray[np.int64], int], Any] | None
    evaluate: Callable[[Rows, int], float] | None


BATCH = 1024


def batches(codes: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Some at a time, as peers want it who make dense scores."""
    return [codes[start : start + BATCH] for start in range(0, len(codes), BATCH)]
