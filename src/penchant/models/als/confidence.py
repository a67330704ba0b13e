"""How much an interaction weighs in the ALS objective, without a copy where its value is that.

The objective may be divided by any number without moving its minimum. Divided by α, the confidence_delta
weight of a cell, c − α0 = α·g(|r|), is g(|r|): under the paper's linear confidence the very value
that the interactions hold. All values are gone through block by block, so that what is held beside
them does not grow with them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr

log = logging.getLogger("penchant")

_LIMITS = (
    np.float32(1e-30),
    np.float32(1e30),
)  # of weights: neither lost to 0, which has no sign, nor to infinity
_UNITS = 1e-6, 1e6  # beyond, dividing by α would push other weights out of what a float32 holds
_BLOCK = 1 << 16

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Confidence:
    """c = α0 + α·g(|r|); the fields are those of :class:`penchant.ALS`."""

    kind: str
    alpha: float
    epsilon: float

    @property
    def unit(self) -> float:
        """What the whole objective is divided by: α, unless that is extreme."""
        return min(max(float(self.alpha), _UNITS[0]), _UNITS[1])

    def weigh(self, rows: Csr) -> Csr:
        """The same rows with (c − α0)/unit, signed by the preference, in the place of the values.

        These are ``rows`` themselves where their values are that already.
        """
        if self._is_weight(rows.values):
            return rows
        confidence_delta = np.empty_like(rows.values)
        for begin in range(0, len(confidence_delta), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            confidence_delta[part] = self._excess(rows.values[part])
        return Csr(rows.indptr, rows.indices, confidence_delta, rows.n_columns)

    def _is_weight(self, values: F32) -> bool:
        if self.kind == "log" or self.unit != self.alpha or not len(values):
            return False
        least, most = range_of_sizes(values)
        if self.kind == "binary":
            return least == most == 1
        return bool(_LIMITS[0] <= least and most <= _LIMITS[1])

    def _excess(self, values: F32) -> F32:
        size = np.abs(values, dtype=np.float64)
        with np.errstate(over="ignore"):
            if self.kind == "log":
                size = np.log1p(size / self.epsilon)
            elif self.kind == "binary":
                size = np.ones_like(size)
            size *= self.alpha / self.unit
        confidence_delta: F32 = np.copysign(np.clip(size, *_LIMITS), values).astype(np.float32)
        return confidence_delta


def _sizes(values: F32) -> Iterator[F32]:
    return (np.abs(values[at : at + _BLOCK]) for at in range(0, len(values), _BLOCK))


def range_of_sizes(values: F32) -> tuple[float, float]:
    """The least and the largest |r|."""
    ends = [(float(block.min()), float(block.max())) for block in _sizes(values)]
    return min(least for least, _ in ends), max(most for _, most in ends)


def warn_of_spread(values: F32, name: str) -> None:
    """A few huge counts under the linear confidence drown everybody else."""
    largest = range_of_sizes(values)[1]
    small = sum(int(np.count_nonzero(block <= largest / 999)) for block in _sizes(values))
    if 2 * small < len(values):  # the median, which takes room and time, can't be that low
        return
    usual = float(np.median(np.abs(values)))
    if largest > 1000 * usual:
        log.warning(
            "values of %s run up to %s and half of them are below %s: the linear confidence "
            "lets the largest outweigh the rest; confidence='log' is made for such counts",
            name,
            f"{largest:,g}",
            f"{usual:,g}",
        )
