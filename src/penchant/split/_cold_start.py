"""Hold out entire items or users, without any history."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from penchant._settings.checks import check_choice
from penchant.data.interactions import Interactions, need_interactions
from penchant.split._base import Split, within_users
from penchant.split._drawing import Likes, draw_whole, entry_mask


def cold_items(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    min_interactions: int = 1,
    candidates: Literal["held-out", "all"] = "held-out",
    seed: int | None = 0,
) -> Split:
    """Hold out entire items, which a model can score by their features alone.

    None of their interactions is in the training part. They stay among the items, so that codes
    are the same in both parts and a model can be given their features.

    Parameters
    ----------
    interactions
        What to split.
    fraction
        The share of all items to hold out, above 0 and below 1 (rounded down). If neither this
        nor ``n`` is given: 0.1.
    n
        The number of items to hold out, instead of ``fraction``.
    min_interactions
        The likes an item must have to be drawn, 1 or more.
    candidates
        The items that may be recommended when the test part is measured: the ``"held-out"``
        items, which measures their order for each user, or ``"all"``, where they compete with
        items that have likes.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or both ``fraction`` and ``n`` are given.
    SplitError
        If too few items have enough likes, or none would be left to train on.
    """
    check_choice("candidates", candidates, ("held-out", "all"))
    likes = need_interactions(interactions, "a split").csr.values > 0
    counts = np.bincount(interactions.csr.indices[likes], minlength=interactions.n_items)
    held, settings = draw_whole(counts, "items", fraction, n, min_interactions, seed)
    hidden = entry_mask(interactions.n_items, held)[interactions.csr.indices]
    settings["candidates"] = candidates
    split = within_users(interactions, hidden, "cold_items", settings)
    return replace(split, candidates=held) if candidates == "held-out" else split


def cold_users(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    min_interactions: int = 1,
    seed: int | None = 0,
) -> Split:
    """Hold out entire users, whom a model can serve by their features alone.

    None of their interactions is in the training part, and unlike with :func:`held_out_users`
    they have no history either. They stay among the users.

    Parameters
    ----------
    interactions, fraction, n, seed
        As for :func:`cold_items`.
    min_interactions
        The likes a user must have to be drawn, 1 or more.

    Raises
    ------
    SettingsError, SplitError
        As for :func:`cold_items`.
    """
    need_interactions(interactions, "a split")
    counts = Likes(interactions).counts
    held, settings = draw_whole(counts, "users", fraction, n, min_interactions, seed)
    hidden = entry_mask(interactions.n_users, held)[interactions.csr.row_of_entry]
    return within_users(interactions, hidden, "cold_users", settings)
