"""Weights that decay with age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant._settings import checks, times
from penchant.errors import DataError, SettingsError

NEEDS_TIMES = "needs timestamps: name their column when reading, timestamp=…"
"""What an error says about an argument that needs them."""


def decay(
    timestamps: npt.NDArray[np.int64] | None, half_life: float | str, now: int | None = None
) -> npt.NDArray[np.float64]:
    """Return ½ to the power of age / half-life for each timestamp.

    Parameters
    ----------
    timestamps
        int64, shape (n,).
    half_life
        In the unit of the timestamps, above 0; or a text such as ``"30d"``, in seconds.
    now
        The time from which ages are counted; None: the newest timestamp.

    Raises
    ------
    DataError
        If there are no timestamps.
    SettingsError
        If the half-life is not above 0, or a timestamp is later than ``now``.
    """
    half_life = times.check_duration("half_life", half_life)
    if timestamps is None:
        raise DataError(f"half_life= {NEEDS_TIMES}")
    if not timestamps.size:
        return np.ones(0)
    newest = int(timestamps.max())
    now = newest if now is None else checks.check_int("now", now)
    if newest > now:
        raise SettingsError(f"now={now} is before the newest event at {newest}: leave that out")
    ages = now - timestamps.astype(np.float64)
    return np.asarray(np.exp2(-ages / half_life))
