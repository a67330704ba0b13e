"""Weights that decay with age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.errors import DataError, SettingsError


def decay(
    timestamps: npt.NDArray[np.int64] | None, half_life: float, now: int | None = None
) -> npt.NDArray[np.float64]:
    """Return ½ to the power of age / half-life for each timestamp.

    Parameters
    ----------
    timestamps
        int64, shape (n,).
    half_life
        In the unit of the timestamps, above 0.
    now
        The time from which ages are counted; None: the newest timestamp.

    Raises
    ------
    DataError
        If there are no timestamps.
    SettingsError
        If the half-life is not above 0, or a timestamp is later than ``now``.
    """
    half_life = checks.check_float("half_life", half_life, above=0)
    if timestamps is None:
        raise DataError("half_life= needs timestamps: name their column when reading, timestamp=…")
    if not timestamps.size:
        return np.ones(0)
    newest = int(timestamps.max())
    now = newest if now is None else checks.check_int("now", now)
    if newest > now:
        raise SettingsError(f"now={now} is before the newest event at {newest}: leave that out")
    ages = now - timestamps.astype(np.float64)
    return np.asarray(np.exp2(-ages / half_life))
