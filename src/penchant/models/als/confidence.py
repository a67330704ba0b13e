"""The confidence of interactions in the ALS objective, computed without a copy where possible.

The objective may be divided by any number without moving its minimum. Divided by α, the weight
c − α0 = α·g(|r|) of a cell is g(|r|): under the paper's linear confidence, the value that the
interactions hold already. Values are processed block by block, so that the memory used beside them
does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.decay import Recency

_LIMITS = np.float32(1e-30), np.float32(1e30)
"""Bounds of weights: they become neither 0, which has no sign, nor infinite."""
_UNITS = 1e-6, 1e6
"""Bounds of the unit: beyond, dividing by α would push other weights out of float32's range."""
_BLOCK = 1 << 16

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Confidence:
    """The confidence c = α0 + α·g(|r|); the fields are settings of :class:`penchant.ALS`."""

    kind: str
    alpha: float
    epsilon: float
    recency: Recency | None = None
    """How g(|r|) decays with age; None: it does not."""

    @property
    def unit(self) -> float:
        """The number that the whole objective is divided by: α, unless that is extreme."""
        return min(max(float(self.alpha), _UNITS[0]), _UNITS[1])

    def weigh(self, rows: Csr) -> Csr:
        """Return the rows with (c − α0)/unit, signed by the preference, as values.

        Returns ``rows`` themselves if their values are these weights already.
        """
        ages = None if self.recency is None else self.recency.weights(rows)
        if ages is None and self._is_weight(rows.values):
            return rows
        confidence_delta = np.empty_like(rows.values)
        for begin in range(0, len(confidence_delta), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            age = None if ages is None else ages[part]
            confidence_delta[part] = self._confidence_delta(rows.values[part], age)
        return Csr(rows.indptr, rows.indices, confidence_delta, rows.n_columns)

    def _is_weight(self, values: F32) -> bool:
        """Return whether the values are the weights already."""
        if self.kind == "log" or self.unit != self.alpha or not len(values):
            return False
        smallest, largest = magnitude_range(values)
        if self.kind == "binary":
            return smallest == largest == 1
        return bool(_LIMITS[0] <= smallest and largest <= _LIMITS[1])

    def _confidence_delta(self, values: F32, ages: npt.NDArray[np.float64] | None = None) -> F32:
        """Compute (c − α0)/unit, signed by the preference, float32."""
        magnitude = sizes(values, self.kind, self.epsilon)
        with np.errstate(over="ignore"):
            magnitude *= self.alpha / self.unit
            if ages is not None:
                magnitude *= ages
        signed: F32 = np.copysign(np.clip(magnitude, *_LIMITS), values).astype(np.float32)
        return signed


def sizes(values: F32, kind: str, epsilon: float) -> F64:
    """Compute g(|r|) of values: themselves, their logarithm or 1."""
    magnitude = np.abs(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        if kind == "log":
            return np.log1p(magnitude / epsilon)
    return np.ones_like(magnitude) if kind == "binary" else magnitude


def _magnitudes(values: F32) -> Iterator[F32]:
    """Yield |r| block by block."""
    return (np.abs(values[first : first + _BLOCK]) for first in range(0, len(values), _BLOCK))


def magnitude_range(values: F32) -> tuple[float, float]:
    """Return the smallest and the largest |r|."""
    ranges = [(float(block.min()), float(block.max())) for block in _magnitudes(values)]
    return min(smallest for smallest, _ in ranges), max(largest for _, largest in ranges)
