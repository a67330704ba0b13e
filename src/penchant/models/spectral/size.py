"""The number of singular vectors that suits the data."""

from __future__ import annotations

import math

import numpy as np

from penchant.data.csr import Csr

LEAST, MOST = 12, 256
"""Bounds of the number that is chosen."""


def factors_for(X: Csr, share: int) -> int:
    """Return √(rows × columns) / share, rounded, from 12 to 256; of those with entries.

    Parameters
    ----------
    X
        The interactions, users × items.
    share
        What the size is divided by.
    """
    rows = int(np.count_nonzero(X.row_counts))
    columns = int(np.count_nonzero(np.bincount(X.indices, minlength=X.n_columns)))
    return min(max(round(math.sqrt(rows * columns) / share), LEAST), MOST)
