"""Hold out a random share of all likes."""

from __future__ import annotations

import numpy as np

from penchant._settings.checks import check_share
from penchant.data.interactions import Interactions, need_interactions
from penchant.split._base import Split, within_users
from penchant.split._drawing import entry_mask, generator, rounded_share


def random_fraction(
    interactions: Interactions, test: float = 0.2, *, seed: int | None = 0
) -> Split:
    """Hold out a share of all likes, drawn at random regardless of the user.

    Parameters
    ----------
    interactions
        What to split.
    test
        The share of the likes, above 0 and below 1 (rounded to whole likes).
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If the share is less than one like, or leaves none.
    """
    test = check_share("test", test)
    rng, seed = generator(seed)
    likes = np.flatnonzero(need_interactions(interactions, "a split").csr.values > 0)
    wanted = rounded_share(test, len(likes))
    entries = likes[rng.choice(len(likes), wanted, replace=False, shuffle=False)]
    held_out = entry_mask(interactions.nnz, entries)
    return within_users(interactions, held_out, "random_fraction", {"test": test, "seed": seed})
