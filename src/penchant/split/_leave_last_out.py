"""Hold out the newest likes of each user."""

from __future__ import annotations

import numpy as np

from penchant._boundary import checked
from penchant._settings.checks import check_int
from penchant.data.interactions import Interactions, need_interactions
from penchant.split._base import Split, within_users
from penchant.split._drawing import Likes, draw_users, entry_mask, generator, places_in_rows
from penchant.split._temporal import need_timestamps


@checked
def leave_last_out(
    interactions: Interactions,
    k: int = 1,
    *,
    min_interactions: int | None = None,
    seed: int | None = 0,
) -> Split:
    """Hold out the k newest likes of each user.

    The user's dislikes of the same time or later are held out too. Users are cut at different
    times, so that a model is trained on likes of other users that are newer than a user's held-out
    ones; :func:`temporal` cuts all users at one time.

    Parameters
    ----------
    interactions
        What to split; it must have timestamps.
    k
        Likes to hold out of each user, 1 or more.
    min_interactions
        The likes a user must have to be held out from, more than k; None: k + 1.
    seed
        0 or more; it decides between likes of a user at the same time. None draws a seed, which
        ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If there are no timestamps, or no user has enough likes.
    """
    k = check_int("k", k, 1)
    minimum = k + 1
    if min_interactions is not None:
        minimum = check_int("min_interactions", min_interactions, k + 1)
    csr, times = need_interactions(interactions, "a split").csr, need_timestamps(interactions)
    rng, seed = generator(seed)
    users = draw_users(Likes(interactions).counts, minimum, None, rng)
    likes = np.flatnonzero(csr.values > 0)
    user = csr.row_of_entry[likes]
    newest_first = np.lexsort((rng.random(len(likes)), -times[likes], user))
    counts = np.bincount(user, minlength=csr.n_rows)
    is_held = (places_in_rows(user, counts) < k) & np.isin(user, users)
    held = likes[newest_first[is_held]]

    hidden = entry_mask(csr.nnz, held)
    cut = np.full(csr.n_rows, np.iinfo(np.int64).max)  # the oldest held-out like of each user
    np.minimum.at(cut, csr.row_of_entry[held], times[held])
    hidden |= (csr.values < 0) & (times >= cut[csr.row_of_entry])
    settings = {"k": k, "min_interactions": minimum, "seed": seed}
    return within_users(interactions, hidden, "leave_last_out", settings)
