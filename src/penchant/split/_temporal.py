"""Hold out what is newer than a cut in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked
from penchant._settings.checks import check_int, check_share
from penchant.data.interactions import Interactions, need_interactions
from penchant.errors import SettingsError, SplitError
from penchant.split._base import Split, within_users
from penchant.split._drawing import rounded_share


@checked
def temporal(
    interactions: Interactions, test: float | None = None, *, at: int | None = None
) -> Split:
    """Hold out the interactions at or after a cut in time.

    Dislikes are held out too. Interactions of the same time stay together, so the test part may
    be larger than the requested share.

    Parameters
    ----------
    interactions
        What to split; it must have timestamps.
    test
        The share of the likes, above 0 and below 1, to hold out: the newest ones. If neither
        this nor ``at`` is given: 0.2.
    at
        The time of the cut, instead of ``test``, in the unit of ``interactions.timestamps``.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or both are given.
    SplitError
        If there are no timestamps, or one side of the cut would have no likes.
    """
    if test is not None and at is not None:
        raise SettingsError("give either test or at, not both")
    if at is None:
        test = check_share("test", 0.2 if test is None else test)
    times = need_timestamps(interactions)
    like_times = times[interactions.csr.values > 0]
    if test is not None:
        oldest = len(like_times) - rounded_share(test, len(like_times))
        cut = int(np.partition(like_times, oldest)[oldest])
    else:
        cut = check_int("at", at)
    later = int((like_times >= cut).sum())
    if later in (0, len(like_times)):
        side = "later" if later == 0 else "earlier"
        raise SplitError(f"no like is {side} than the cut at {cut}; choose another test or at")
    return within_users(interactions, times >= cut, "temporal", {"test": test, "at": cut})


def need_timestamps(interactions: Interactions) -> npt.NDArray[np.int64]:
    """Return the timestamps of interactions.

    Raises
    ------
    SplitError
        If there are none.
    """
    times = need_interactions(interactions, "a split").timestamps
    if times is None:
        raise SplitError(
            "these interactions have no timestamps: name their column when reading them "
            "(timestamp=…), or use another split"
        )
    return times
