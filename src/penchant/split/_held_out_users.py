"""Hold out entire users, with a part of their likes as history."""

from __future__ import annotations

import numpy as np

from penchant._settings.checks import check_int, check_share
from penchant.data.interactions import Interactions, need_interactions
from penchant.errors import SplitError
from penchant.split._base import Split
from penchant.split._drawing import Likes, draw_users, generator, hide_share, how_many


def held_out_users(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    fold_in: float = 0.8,
    min_interactions: int = 2,
    seed: int | None = 0,
) -> Split:
    """Hold out whole users: strong generalization (Marlin 2004; Liang et al. 2018).

    None of their interactions is in the training part. A part of their likes and all of their
    dislikes are the history that the model folds in; the rest of their likes is the test part.

    Parameters
    ----------
    interactions
        What to split.
    fraction
        The share of all users to hold out, above 0 and below 1 (rounded down). If neither this
        nor ``n`` is given: 0.1.
    n
        The number of users to hold out, instead of ``fraction``.
    fold_in
        The share of each user's likes, above 0 and below 1, that is the history (rounded, at
        least one like, and at least one left for the test part).
    min_interactions
        The likes a user must have to be drawn, 2 or more.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or both ``fraction`` and ``n`` are given.
    SplitError
        If too few users have enough likes, or no user would be left to train on.
    """
    need_interactions(interactions, "a split")
    wanted, fraction = how_many(fraction, n, interactions.n_users)
    fold_in = check_share("fold_in", fold_in)
    minimum = check_int("min_interactions", min_interactions, 2)
    rng, seed = generator(seed)
    if wanted >= interactions.n_users:
        raise SplitError(f"{wanted:,} of {interactions.n_users:,} users would leave none to learn")
    held = draw_users(Likes(interactions).counts, minimum, wanted, rng)
    others = np.ones(interactions.n_users, dtype=np.bool_)
    others[held] = False
    held_out = interactions.take_users(held)
    hidden = hide_share(held_out, fold_in, rng)
    settings = {
        "fraction": fraction,
        "n": n,
        "fold_in": fold_in,
        "min_interactions": minimum,
        "seed": seed,
    }
    return Split(
        train=interactions.take_users(others),
        test=held_out.select(hidden),
        fold_in=held_out.select(~hidden),
        kind="held_out_users",
        settings=settings,
    )
