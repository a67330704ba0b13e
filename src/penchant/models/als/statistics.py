"""What the weights of the ALS objective depend on, from one pass over the interactions.

Interactions may be on disk, in blocks. Sums are over parts of fixed sizes that do not end where
blocks do, so that they are the same for any blocks, and for interactions in memory.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from penchant.data.blocks import BlockedRows, MemoryBlocks, entries_of
from penchant.data.decay import Recency
from penchant.data.interactions import Interactions
from penchant.models.als.confidence import sizes

log = logging.getLogger("penchant")

_PART = 1 << 16

UNEVEN = 0.25
"""The share of n below which a few values outweigh the others, see :class:`Statistics`."""


@dataclass(frozen=True)
class Statistics:
    """Sums and bounds of the sizes |r| of interactions.

    Attributes
    ----------
    nnz
        n, the number of interactions.
    total, squares
        Σ|r| and Σr².
    smallest, largest
        The bounds of |r|; 0 without interactions.
    mean_sizes
        The mean of g(|r|), times the weight of its age, by the kind of confidence.
    """

    nnz: int
    total: float
    squares: float
    smallest: float
    largest: float
    mean_sizes: Mapping[str, float]

    @classmethod
    def of(
        cls,
        rows: BlockedRows,
        kinds: Sequence[str] = (),
        epsilon: float = 1.0,
        recency: Recency | None = None,
    ) -> Statistics:
        """Compute the statistics in one pass.

        Parameters
        ----------
        rows
            The interactions.
        kinds
            The kinds of confidence to compute means for.
        epsilon
            ε of the logarithmic confidence.
        recency
            How interactions weigh by age; None: all alike.
        """
        total = squares = largest = 0.0
        smallest, sums = math.inf, {kind: [0.0] for kind in kinds}
        for part in entries_of(rows, _PART):
            magnitude = np.abs(part.values)
            smallest = min(smallest, float(magnitude.min()))
            largest = max(largest, float(magnitude.max()))
            exact = magnitude.astype(np.float64)
            total += float(exact.sum())
            squares += float(exact @ exact)
            ages = None if recency is None else recency.of_times(part.times)
            for kind in kinds:
                g = sizes(part.values, kind, epsilon)
                sums[kind].append(float((g if ages is None else g * ages).sum()))
        means = {kind: math.fsum(parts) / max(rows.nnz, 1) for kind, parts in sums.items()}
        return cls(rows.nnz, total, squares, smallest if rows.nnz else 0.0, largest, means)

    @property
    def is_uneven(self) -> bool:
        """Whether a few large values outweigh the others: (Σ|r|)² < n Σr² / 4.

        (Σ|r|)² / Σr² is the number of equal values that would have the same spread (Kish 1965,
        "Survey sampling", section 8.2). It is at least 0.5 n for ratings from 1 to 5 and weights
        of events that differ by a factor of 5, and far below 0.25 n for play counts.
        """
        return self.total**2 < UNEVEN * self.nnz * self.squares


def rows_of_users(data: Interactions) -> BlockedRows:
    """Return the rows of users, in the blocks that the data are stored in."""
    return MemoryBlocks(data.csr) if data.blocks is None else data.blocks.users


def warn_of_spread(rows: BlockedRows, largest: float, name: str) -> None:
    """Log a warning if a few huge counts dominate the linear confidence.

    Parameters
    ----------
    rows
        The interactions.
    largest
        The largest |r|.
    name
        The name of the data set.
    """
    parts = entries_of(rows, _PART)
    small = sum(int(np.count_nonzero(np.abs(values) <= largest / 999)) for values, _ in parts)
    if 2 * small < rows.nnz:  # the median, which takes more passes, is not that low
        return
    middle = {(rows.nnz - 1) // 2, rows.nnz // 2}
    median = sum(_ordered_size(rows, at) for at in middle) / len(middle)
    if largest > 1000 * median:
        log.warning(
            "values of %s go up to %s and half of them are below %s: under the linear confidence "
            "the largest outweigh the rest; confidence='log' is made for such counts",
            name,
            f"{largest:,g}",
            f"{median:,g}",
        )


def _ordered_size(rows: BlockedRows, at: int) -> float:
    """Return the |r| at a place in rising order, without a copy of the values.

    The bits of floats of 0 or more rise with the floats: the first pass counts their upper halves,
    the second the lower halves of those whose upper half is that of the result.
    """
    upper, below = _digit_at(rows, at, shift=16, prefix=None)
    lower, _ = _digit_at(rows, at - below, shift=0, prefix=upper)
    return float(np.array((upper << 16) + lower, dtype=np.uint32).view(np.float32))


def _digit_at(rows: BlockedRows, at: int, *, shift: int, prefix: int | None) -> tuple[int, int]:
    """Return the 16-bit digit of the place in order, and how many places are below the digit."""
    counts = np.zeros(1 << 16, dtype=np.int64)
    for values, _ in entries_of(rows, _PART):
        bits = np.abs(values).view(np.uint32)
        if prefix is not None:
            bits = bits[bits >> 16 == prefix]
        counts += np.bincount((bits >> shift) & 0xFFFF, minlength=1 << 16)
    ends = np.cumsum(counts)
    digit = int(np.searchsorted(ends, at, side="right"))
    return digit, int(ends[digit] - counts[digit])
