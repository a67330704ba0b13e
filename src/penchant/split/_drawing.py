"""Draw the users, items and entries to hold out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import check_int, check_share
from penchant.data.interactions import Interactions, need_interactions
from penchant.errors import SettingsError, SplitError
from penchant.split._base import Ints, Mask


class Likes:
    """The positive entries, row after row, and how many each user has."""

    def __init__(self, interactions: Interactions) -> None:
        positive = need_interactions(interactions, "a split").csr.values > 0
        self.entries: Ints | None = None  # None: every entry is a like
        self.starts = interactions.csr.indptr
        if not positive.all():
            self.entries = np.flatnonzero(positive)
            before = np.concatenate([[0], np.cumsum(positive)])
            self.starts = before[interactions.csr.indptr]
        self.counts: Ints = np.diff(self.starts)

    def entries_at(self, users: Ints, places: Ints) -> Ints:
        """Return the entries of users' likes by place (0: a user's first); shape of ``places``."""
        ranks = self.starts[users][:, None] + places
        return ranks if self.entries is None else self.entries[ranks]


def draw_whole(
    counts: Ints,
    noun: str,
    fraction: float | None,
    n: int | None,
    min_interactions: int,
    seed: int | None,
) -> tuple[Ints, dict[str, object]]:
    """Draw users or items to hold out entirely; return their codes and the split's settings."""
    wanted, fraction = how_many(fraction, n, len(counts))
    least = check_int("min_interactions", min_interactions, 1)
    rng, seed = generator(seed)
    if wanted >= (counts > 0).sum():
        raise SplitError(f"{wanted:,} of {len(counts):,} {noun} would leave none to learn from")
    held = draw_users(counts, least, wanted, rng, noun)
    return held, {"fraction": fraction, "n": n, "min_interactions": least, "seed": seed}


def how_many(fraction: float | None, n: int | None, of: int) -> tuple[int, float | None]:
    """Return how many users or items to hold out, and the fraction unless ``n`` is given."""
    if fraction is not None and n is not None:
        raise SettingsError("give either fraction or n, not both")
    if n is not None:
        return check_int("n", n, 1), None
    fraction = check_share("fraction", 0.1 if fraction is None else fraction)
    return portion(fraction, of), fraction


def draw_users(
    counts: Ints, least: int, wanted: int | None, rng: np.random.Generator, noun: str = "users"
) -> Ints:
    """Draw users with enough likes (all of them if ``wanted`` is None); codes in rising order."""
    eligible = np.flatnonzero(counts >= least)
    have = f"{len(eligible):,} of {len(counts):,} {noun} have {least:,} likes or more"
    if len(eligible) == 0:
        raise SplitError(f"{have}: hold out fewer, or lower min_interactions")
    if wanted is None:
        return eligible
    if wanted == 0:
        raise SplitError(f"the share asked for is less than one of {len(counts):,} {noun}")
    if wanted > len(eligible):
        possible = np.floor(1000 * len(eligible) / len(counts)) / 1000
        raise SplitError(
            f"{have}, and {wanted:,} were asked for: ask for a share of {possible:.3f} of all "
            f"{noun} or less, hold out fewer likes, or lower min_interactions"
        )
    return np.sort(rng.choice(eligible, wanted, replace=False))


def draw_places(counts: Ints, k: int, rng: np.random.Generator) -> Ints:
    """Draw k different places below each count, every set equally likely.

    Returns int64, shape (len(counts), k). Floyd's algorithm (Bentley and Floyd 1987), for all
    users at once: a repeated draw is replaced by the one place that could not be drawn before.
    """
    places = np.empty((len(counts), k), dtype=np.int64)
    for drawn in range(k):
        last = counts - k + drawn
        place = rng.integers(0, last, endpoint=True)
        repeated = (places[:, :drawn] == place[:, None]).any(axis=1)
        places[:, drawn] = np.where(repeated, last, place)
    return places


def hide_share(interactions: Interactions, shown: float, rng: np.random.Generator) -> Mask:
    """Return the mask to hide a random share 1 − ``shown`` of each user's likes.

    At least one like is hidden and one is shown; a single like is shown.
    """
    csr = interactions.csr
    likes = np.flatnonzero(csr.values > 0)
    user = csr.row_of_entry[likes]
    counts = np.bincount(user, minlength=csr.n_rows)
    n_shown = np.clip(np.rint(shown * counts).astype(np.int64), 1, np.maximum(counts - 1, 1))
    shuffled = np.argsort(user + rng.random(len(likes)), kind="stable")  # within each user
    return entry_mask(csr.nnz, likes[shuffled[places_in_rows(user, counts) >= n_shown[user]]])


def places_in_rows(row: npt.NDArray[np.integer[Any]], counts: Ints) -> Ints:
    """Return the place of each entry within its row, from 0.

    Parameters
    ----------
    row
        The row of each entry, in order.
    counts
        The number of entries of each row.
    """
    places: Ints = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    return places


def as_flag(name: str, value: object) -> bool:
    """Return True or False, also of NumPy's.

    Raises
    ------
    SettingsError
        If the value is anything else.
    """
    if not isinstance(value, bool | np.bool_):
        raise SettingsError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def entry_mask(n: int, entries: npt.NDArray[Any]) -> Mask:
    """Return the mask of length n that is true at the given entries."""
    mask = np.zeros(n, dtype=np.bool_)
    mask[entries] = True
    return mask


def portion(part: float, n: int) -> int:
    """Return part · n, rounded down; 0.29 · 100 is 29 despite floating point."""
    return int(np.floor(part * n + 1e-9))


def rounded_share(part: float, n: int) -> int:
    """Return part · n, rounded; an error if it is 0 or n."""
    wanted = int(np.rint(part * n))
    if not 0 < wanted < n:
        raise SplitError(f"a share of {part} of {n:,} likes is {wanted:,}: none, or all of them")
    return wanted


def generator(seed: int | None) -> tuple[np.random.Generator, int]:
    """Return a random generator and its seed, drawn if None."""
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    seed = check_int("seed", seed, 0)
    return np.random.default_rng(seed), seed
