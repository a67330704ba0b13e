"""Honest splits of interactions into what a model may see and what it is measured on.

All of them put each interaction into exactly one part, repeat with the same seed, and move only
likes (positive values) into the test part: dislikes stay with what the model learns from.
:func:`temporal`, :func:`cold_items` and :func:`cold_users` move dislikes too, since a later dislike
must not teach the past, nor any at all what is to be new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import choice, share, whole
from penchant.data.interactions import Interactions, need_interactions
from penchant.errors import SettingsError, SplitError

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """A training part and a test part that share no (user, item) pair.

    Attributes
    ----------
    train
        What models are fitted on.
    test
        What they are measured on. Its items are those of ``train``, in the same order. Its users
        are those of ``train`` too, unless ``fold_in`` is given.
    fold_in
        For strong generalization: the known past of the test users, none of whom is in ``train``;
        its users are those of ``test``, in the same order. None for splits within users.
    kind
        The name of the function that made it.
    settings
        What it was called with, the seed included.
    candidates
        Codes, rising, of the only items that may be recommended when the test part is measured;
        None: all.
    """

    train: Interactions
    test: Interactions
    fold_in: Interactions | None = None
    kind: str = "custom"
    settings: Mapping[str, object] = field(default_factory=dict)
    candidates: Ints | None = None

    @property
    def seen(self) -> Interactions:
        """What the model knows of the test users: ``fold_in`` if there is one, else ``train``."""
        return self.train if self.fold_in is None else self.fold_in


def leave_k_out(
    interactions: Interactions,
    k: int = 5,
    *,
    fraction_of_users: float | None = None,
    min_interactions: int | None = None,
    seed: int | None = 0,
) -> Split:
    """Hold out k likes, drawn at random, of each of some users.

    The ``train_test_split`` of the articles penchant grew from.

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
        0 or more. None draws one, which ``Split.settings`` then tells.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If too few users have enough likes.
    """
    k = whole("k", k, 1)
    least = 2 * k
    if min_interactions is not None:
        least = whole("min_interactions", min_interactions, k + 1)  # so that some are left
    if fraction_of_users is not None:
        fraction_of_users = share("fraction_of_users", fraction_of_users, up_to_one=True)
    rng, seed = _generator(seed)
    likes = _Likes(interactions)
    wanted = None if fraction_of_users is None else _part(fraction_of_users, interactions.n_users)
    users = _draw_users(likes.counts, least, wanted, rng)
    entries = likes.entries_at(users, _draw_places(likes.counts[users], k, rng))
    settings = {
        "k": k,
        "fraction_of_users": fraction_of_users,
        "min_interactions": least,
        "seed": seed,
    }
    return _within_users(interactions, _mask(interactions.nnz, entries), "leave_k_out", settings)


def random_fraction(
    interactions: Interactions, test: float = 0.2, *, seed: int | None = 0
) -> Split:
    """Hold out a share of all likes, drawn at random whoever's they are.

    Parameters
    ----------
    interactions
        What to split.
    test
        The share of the likes, above 0 and below 1 (rounded to whole likes).
    seed
        0 or more. None draws one, which ``Split.settings`` then tells.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If the share is less than one like, or leaves none.
    """
    test = share("test", test)
    rng, seed = _generator(seed)
    likes = np.flatnonzero(need_interactions(interactions, "a split").csr.values > 0)
    wanted = _some_of(test, len(likes))
    entries = likes[rng.choice(len(likes), wanted, replace=False, shuffle=False)]
    held_out = _mask(interactions.nnz, entries)
    return _within_users(interactions, held_out, "random_fraction", {"test": test, "seed": seed})


def temporal(
    interactions: Interactions, test: float | None = None, *, at: int | None = None
) -> Split:
    """Learn from the past, be measured on what came later.

    All that happened at the cut or after it is held out, dislikes included; what happened at the
    same time is never torn apart, so the test part may be larger than the share asked for.

    Parameters
    ----------
    interactions
        What to split; it must have timestamps.
    test
        The share of the likes, above 0 and below 1, to hold out: the newest ones. If neither
        this nor ``at`` is given: 0.2.
    at
        Or the time of the cut, in the unit of ``interactions.timestamps``.

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
        test = share("test", 0.2 if test is None else test)
    times = need_interactions(interactions, "a split").timestamps
    if times is None:
        raise SplitError(
            "these interactions have no timestamps: name their column when reading them "
            "(timestamp=…), or use another split"
        )
    like_times = times[interactions.csr.values > 0]
    if test is not None:
        oldest = len(like_times) - _some_of(test, len(like_times))
        cut = int(np.partition(like_times, oldest)[oldest])
    else:
        cut = whole("at", at)
    later = int((like_times >= cut).sum())
    if later in (0, len(like_times)):
        side = "later" if later == 0 else "earlier"
        raise SplitError(f"no like is {side} than the cut at {cut}; choose another test or at")
    return _within_users(interactions, times >= cut, "temporal", {"test": test, "at": cut})


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

    The model never meets them in training. It is shown a part of their likes, and all of their
    dislikes, as history, and measured on the rest of their likes.

    Parameters
    ----------
    interactions
        What to split.
    fraction
        The share of all users to hold out, above 0 and below 1 (rounded down). If neither this
        nor ``n`` is given: 0.1.
    n
        Or how many.
    fold_in
        The share of each one's likes, above 0 and below 1, to be given as history (rounded, at
        least one like, and at least one left to measure on).
    min_interactions
        The likes a user must have to be drawn, 2 or more.
    seed
        0 or more. None draws one, which ``Split.settings`` then tells.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or both ``fraction`` and ``n`` are given.
    SplitError
        If too few users have enough likes, or nobody would be left to learn from.
    """
    need_interactions(interactions, "a split")
    wanted, fraction = _how_many(fraction, n, interactions.n_users)
    fold_in = share("fold_in", fold_in)
    least = whole("min_interactions", min_interactions, 2)
    rng, seed = _generator(seed)
    if wanted >= interactions.n_users:
        raise SplitError(f"{wanted:,} of {interactions.n_users:,} users would leave none to learn")
    held = _draw_users(_Likes(interactions).counts, least, wanted, rng)
    others = np.ones(interactions.n_users, dtype=np.bool_)
    others[held] = False
    theirs = interactions.take_users(held)
    tested = _hide_share(theirs, fold_in, rng)
    settings = {
        "fraction": fraction,
        "n": n,
        "fold_in": fold_in,
        "min_interactions": least,
        "seed": seed,
    }
    return Split(
        train=interactions.take_users(others),
        test=theirs.select(tested),
        fold_in=theirs.select(~tested),
        kind="held_out_users",
        settings=settings,
    )


def cold_items(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    min_interactions: int = 1,
    candidates: Literal["held-out", "all"] = "held-out",
    seed: int | None = 0,
) -> Split:
    """Hold out whole items: what is recommended of them can come from their features alone.

    Nobody's interactions with them are in the training part. They stay among the items, so that
    codes are the same in both parts and a model can be told their features.

    Parameters
    ----------
    interactions
        What to split.
    fraction
        The share of all items to hold out, above 0 and below 1 (rounded down). If neither this
        nor ``n`` is given: 0.1.
    n
        Or how many.
    min_interactions
        The likes an item must have to be drawn, 1 or more.
    candidates
        What may be recommended when the test part is measured: the ``"held-out"`` items, which
        asks whether the new are put into the right order for each user, or ``"all"``, where they
        compete with those that have likes.
    seed
        0 or more. None draws one, which ``Split.settings`` then tells.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or both ``fraction`` and ``n`` are given.
    SplitError
        If too few items have enough likes, or none would be left to learn from.
    """
    choice("candidates", candidates, ("held-out", "all"))
    likes = need_interactions(interactions, "a split").csr.values > 0
    counts = np.bincount(interactions.csr.indices[likes], minlength=interactions.n_items)
    held, settings = _draw_whole(counts, "items", fraction, n, min_interactions, seed)
    tested = _mask(interactions.n_items, held)[interactions.csr.indices]
    settings["candidates"] = candidates
    split = _within_users(interactions, tested, "cold_items", settings)
    return replace(split, candidates=held) if candidates == "held-out" else split


def cold_users(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    min_interactions: int = 1,
    seed: int | None = 0,
) -> Split:
    """Hold out whole users: what they are recommended can come from their features alone.

    None of their interactions is in the training part, and unlike with :func:`held_out_users`
    none is shown as their history either. They stay among the users.

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
    counts = _Likes(interactions).counts
    held, settings = _draw_whole(counts, "users", fraction, n, min_interactions, seed)
    tested = _mask(interactions.n_users, held)[interactions.csr.row_of_entry]
    return _within_users(interactions, tested, "cold_users", settings)


# --- drawing ---------------------------------------------------------------------------


class _Likes:
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
        """The entries of users' likes by place, 0 the first of a user; shape of ``places``."""
        found = self.starts[users][:, None] + places
        return found if self.entries is None else self.entries[found]


def _draw_whole(
    counts: Ints,
    noun: str,
    fraction: float | None,
    n: int | None,
    min_interactions: int,
    seed: int | None,
) -> tuple[Ints, dict[str, object]]:
    """Codes of users or items to hold out whole, and the settings that draw them again."""
    wanted, fraction = _how_many(fraction, n, len(counts))
    least = whole("min_interactions", min_interactions, 1)
    rng, seed = _generator(seed)
    if wanted >= (counts > 0).sum():
        raise SplitError(f"{wanted:,} of {len(counts):,} {noun} would leave none to learn from")
    held = _draw_users(counts, least, wanted, rng, noun)
    return held, {"fraction": fraction, "n": n, "min_interactions": least, "seed": seed}


def _how_many(fraction: float | None, n: int | None, of: int) -> tuple[int, float | None]:
    """How many of them to hold out whole, and the fraction where that is not told by ``n``."""
    if fraction is not None and n is not None:
        raise SettingsError("give either fraction or n, not both")
    if n is not None:
        return whole("n", n, 1), None
    fraction = share("fraction", 0.1 if fraction is None else fraction)
    return _part(fraction, of), fraction


def _draw_users(
    counts: Ints, least: int, wanted: int | None, rng: np.random.Generator, noun: str = "users"
) -> Ints:
    """Codes, rising, of some of the users with enough likes; all of them if ``wanted`` is None."""
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


def _draw_places(counts: Ints, k: int, rng: np.random.Generator) -> Ints:
    """Different places below each count, k of them, every set equally likely.

    Returns int64, shape (len(counts), k). Floyd's way (Bentley and Floyd 1987), for all users at
    once: a draw that was had before is replaced by the one place that could not be drawn before.
    """
    places = np.empty((len(counts), k), dtype=np.int64)
    for drawn in range(k):
        last = counts - k + drawn
        place = rng.integers(0, last, endpoint=True)
        had = (places[:, :drawn] == place[:, None]).any(axis=1)
        places[:, drawn] = np.where(had, last, place)
    return places


def _hide_share(interactions: Interactions, shown: float, rng: np.random.Generator) -> Mask:
    """Which entries to hide: of each user's likes a random share 1 − ``shown``, one at least."""
    csr = interactions.csr
    likes = np.flatnonzero(csr.values > 0)
    user = csr.row_of_entry[likes]
    counts = np.bincount(user, minlength=csr.n_rows)
    kept = np.clip(np.rint(shown * counts).astype(np.int64), 1, counts - 1)
    shuffled = np.argsort(user + rng.random(len(likes)), kind="stable")  # within each user
    place = np.arange(len(likes)) - (np.cumsum(counts) - counts)[user]
    return _mask(csr.nnz, likes[shuffled[place >= kept[user]]])


def _mask(n: int, entries: npt.NDArray[Any]) -> Mask:
    mask = np.zeros(n, dtype=np.bool_)
    mask[entries] = True
    return mask


def _within_users(
    interactions: Interactions, held_out: Mask, kind: str, settings: Mapping[str, object]
) -> Split:
    return Split(
        train=interactions.select(~held_out),
        test=interactions.select(held_out),
        kind=kind,
        settings=settings,
    )


# --- arguments -------------------------------------------------------------------------


def _part(part: float, n: int) -> int:
    """Part · n, rounded down; not by a whisker, as 0.29 · 100 would be."""
    return int(np.floor(part * n + 1e-9))


def _some_of(part: float, n: int) -> int:
    """Part · n, rounded, if that takes some and leaves some."""
    wanted = int(np.rint(part * n))
    if not 0 < wanted < n:
        raise SplitError(f"a share of {part} of {n:,} likes is {wanted:,}: none, or all of them")
    return wanted


def _generator(seed: int | None) -> tuple[np.random.Generator, int]:
    """A generator and the seed that makes it again."""
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    seed = whole("seed", seed, 0)
    return np.random.default_rng(seed), seed
