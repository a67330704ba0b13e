"""Weights that decay with age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant._settings import checks, times
from penchant.data.csr import Csr
from penchant.errors import DataError, SettingsError

_SMALLEST = 1e-30  # a smaller weight could become 0, which has no sign

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
    now = time_of_age_0(int(timestamps.max()), now)
    ages = now - timestamps.astype(np.float64)
    return np.asarray(np.exp2(-ages / half_life))


def time_of_age_0(newest: int, now: int | None) -> int:
    """Return the time from which ages are counted: ``now``, or the newest timestamp.

    Raises
    ------
    SettingsError
        If the newest timestamp is later than ``now``.
    """
    now = newest if now is None else checks.check_int("now", now)
    if newest > now:
        raise SettingsError(f"now={now} is before the newest event at {newest}: leave that out")
    return now


@dataclass(frozen=True)
class Recency:
    """How interactions weigh by their age.

    Attributes
    ----------
    half_life
        The age at which an interaction weighs half, in the unit of the timestamps.
    now
        The time from which ages are counted; later interactions are as new as those of now.
    """

    half_life: float
    now: int

    def weights(self, rows: Csr) -> npt.NDArray[np.float64] | None:
        """Return ½ to the power of age / half-life for each entry; None: the rows have no times."""
        return self.of_times(rows.times)

    def of_times(self, times: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float64] | None:
        """Return the weights of entries at some times; None: there are none."""
        if times is None:
            return None
        ages = np.maximum(self.now - times.astype(np.float64), 0)
        return np.asarray(np.maximum(np.exp2(-ages / self.half_life), _SMALLEST))
