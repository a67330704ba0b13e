"""Hold out k likes of each of some users."""

from __future__ import annotations

from penchant._settings.checks import check_int, check_share
from penchant.data.interactions import Interactions
from penchant.split._base import Split, within_users
from penchant.split._drawing import Likes, draw_places, draw_users, entry_mask, generator, portion


def leave_k_out(
    interactions: Interactions,
    k: int = 5,
    *,
    fraction_of_users: float | None = None,
    min_interactions: int | None = None,
    seed: int | None = 0,
) -> Split:
    """Hold out k likes, drawn at random, of each of some users.

    The ``train_test_split`` of the articles that penchant is based on.

    Parameters
    ----------
    interactions
        What to split.
    k
        Likes to hold out of each user, 1 or more.
    fraction_of_users
        The share of *all* users, above 0 and up to 1, to hold out from, drawn among those with
        enough likes (rounded down). None: all users with enough.
    min_interactions
        The likes a user must have to be drawn, more than k; None: 2·k.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If too few users have enough likes.
    """
    k = check_int("k", k, 1)
    minimum = 2 * k
    if min_interactions is not None:
        minimum = check_int("min_interactions", min_interactions, k + 1)  # so that some are left
    if fraction_of_users is not None:
        fraction_of_users = check_share("fraction_of_users", fraction_of_users, up_to_one=True)
    rng, seed = generator(seed)
    likes = Likes(interactions)
    wanted = None if fraction_of_users is None else portion(fraction_of_users, interactions.n_users)
    users = draw_users(likes.counts, minimum, wanted, rng)
    entries = likes.entries_at(users, draw_places(likes.counts[users], k, rng))
    settings = {
        "k": k,
        "fraction_of_users": fraction_of_users,
        "min_interactions": minimum,
        "seed": seed,
    }
    return within_users(
        interactions, entry_mask(interactions.nnz, entries), "leave_k_out", settings
    )
