"""How events of several types are weighted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._settings import checks, times
from penchant.data.duplicates import LARGEST
from penchant.data.ids import IdMap
from penchant.errors import EmptyDataError


@dataclass(frozen=True)
class Weighting:
    """How events are weighted, by their type and their age; see :meth:`penchant.Events.weighted`.

    Attributes
    ----------
    weights
        Type → the weight of one event; None: every type weighs 1.
    half_life
        The age at which an event weighs half; None: age does not matter.
    now
        The time from which ages are counted; None: that of the newest event.
    """

    weights: Mapping[str, float] | None = None
    half_life: float | str | None = None
    now: int | None = None

    def checked(self) -> Weighting:
        """Return the same with plain numbers, and the half-life in the unit of the timestamps.

        Raises
        ------
        SettingsError
            If a weight, the half-life or the time is out of its range.
        """
        weights, half_life, now = self.weights, self.half_life, self.now
        if weights is not None:
            weights = {kind: _weight(kind, weight) for kind, weight in weights.items()}
        if half_life is not None:
            half_life = times.check_duration("half_life", half_life)
        return Weighting(weights, half_life, None if now is None else checks.check_int("now", now))

    def of_types(self, types: IdMap) -> npt.NDArray[np.float64]:
        """Return the weight of each type; 0 for those left out.

        Raises
        ------
        UnknownIdError
            If there is no such type.
        SettingsError
            If a weight is out of its range.
        """
        if self.weights is None:
            return np.ones(len(types))
        weight_of_type = np.zeros(len(types))
        for kind, weight in self.weights.items():
            weight_of_type[types.code(kind)] = _weight(kind, weight)
        return weight_of_type

    def note(self, counted: int, n: int) -> str:
        """Return a line that says how many of all events have a weight, and which."""
        weights, half_life = self.weights, self.half_life
        types = "all types alike" if weights is None else f"types weighted {dict(weights)}"
        aging = "" if half_life is None else f", halved in value every {half_life}"
        return f"{counted:,} of {n:,} events, {types}{aging}"

    def nothing_left(self, name: str) -> EmptyDataError:
        """Return the error of events that come to nothing; ``name`` is that of their log."""
        return EmptyDataError(f"no event of {name!r} is left with the weights {self.weights!r}")


def _weight(kind: object, weight: object) -> float:
    return checks.check_float(f"weights[{kind!r}]", weight, -LARGEST)
