"""The number of singular vectors that suits the data."""

from __future__ import annotations

from penchant.data.csr import Csr
from penchant.models._density import effective_size

LEAST, MOST = 12, 256
"""Bounds of the number that is chosen."""


def factors_for(X: Csr, share: float, power: float = 1.0) -> int:
    """Return the effective size of the data, to a power, / share, rounded, from 12 to 256.

    Parameters
    ----------
    X
        The interactions, users × items.
    share
        What it is divided by.
    power
        The power.
    """
    size: float = effective_size(X) ** power
    return min(max(round(size / share), LEAST), MOST)
