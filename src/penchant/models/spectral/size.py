"""The number of singular vectors that suits the data."""

from __future__ import annotations

from penchant.data.csr import Csr
from penchant.models._density import effective_size

LEAST, MOST = 12, 256
"""Bounds of the number that is chosen."""


def factors_for(X: Csr, share: float) -> int:
    """Return the effective size of the data / share, rounded, from 12 to 256.

    Parameters
    ----------
    X
        The interactions, users × items.
    share
        What the size is divided by.
    """
    return min(max(round(effective_size(X) / share), LEAST), MOST)
