"""Hold out a random share of all likes."""

from __future__ import annotations

import numpy as np

from penchant._boundary import checked
from penchant._settings.checks import check_share
from penchant.data.interactions import Interactions, need_interactions
from penchant.split._base import Split, within_users
from penchant.split._drawing import (
    Likes,
    as_flag,
    draw_users,
    entry_mask,
    generator,
    hide_share,
    rounded_share,
)


@checked
def random_fraction(
    interactions: Interactions,
    test: float = 0.2,
    *,
    per_user: bool = False,
    seed: int | None = 0,
) -> Split:
    """Hold out a share of the likes, drawn at random.

    Parameters
    ----------
    interactions
        What to split.
    test
        The share of the likes, above 0 and below 1 (rounded to whole likes).
    per_user
        Hold out this share of each user's likes: at least one, and at least one is left for
        training; users with a single like keep it. Otherwise the share is of all likes,
        regardless of the user.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If the share is less than one like, or leaves none; with ``per_user``, if no user has two
        likes.
    """
    test = check_share("test", test)
    per_user = as_flag("per_user", per_user)
    rng, seed = generator(seed)
    settings = {"test": test, "per_user": per_user, "seed": seed}
    if per_user:
        draw_users(Likes(interactions).counts, 2, None, rng)  # an error if there are none
        hidden = hide_share(interactions, 1 - test, rng)
        return within_users(interactions, hidden, "random_fraction", settings)
    likes = np.flatnonzero(need_interactions(interactions, "a split").csr.values > 0)
    wanted = rounded_share(test, len(likes))
    entries = likes[rng.choice(len(likes), wanted, replace=False, shuffle=False)]
    held_out = entry_mask(interactions.nnz, entries)
    return within_users(interactions, held_out, "random_fraction", settings)
