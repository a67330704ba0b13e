"""Candidates for evaluation: the held-out items of each user and sampled negatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from penchant._boundary import checked
from penchant._settings.checks import check_int
from penchant.data.csr import row_pointers
from penchant.data.interactions import Csr
from penchant.errors import DataError, SplitError
from penchant.split._base import Ints, Split
from penchant.split._drawing import draw_places, entry_mask, generator, places_in_rows

BIASED = (
    "ranked among sampled candidates: the figures are biased and may order models wrongly "
    "(Krichene & Rendle 2020); compare them only with others of the same number of candidates"
)
"""The note of a split with sampled negatives."""


@checked
def sample_negatives(split: Split, n: int = 99, *, seed: int | None = 0) -> Split:
    """Limit the candidates of each test user to the held-out items and n sampled negatives.

    Negatives are drawn uniformly, without repetition, from the items that the user has neither in
    the history nor held out. Metrics of such short rankings are biased: they depend on n, and may
    order models differently from rankings of all items (Krichene & Rendle 2020, "On sampled metrics
    for item recommendation"). Use them only to compare with published figures.

    Parameters
    ----------
    split
        A split without candidates of its own.
    n
        The number of negatives of each user, 1 or more.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Returns
    -------
    Split
        The same parts, with the candidates of each user. ``Split.note`` says that they are sampled.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    DataError
        If ``split`` is of another type.
    SplitError
        If the split has candidates already, or a user has fewer than n items to draw from.
    """
    if not isinstance(split, Split):
        raise DataError(
            f"a penchant.Split is needed, got {type(split).__name__}: penchant.split makes one"
        )
    if split.candidates is not None:
        raise SplitError("this split has candidates already: sample from a split without any")
    n = check_int("n", n, 1)
    rng, seed = generator(seed)
    test, users = split.test.csr, np.flatnonzero(split.test.csr.row_counts)
    user, item = _cells(split, users)
    n_free = test.n_columns - np.bincount(user, minlength=test.n_rows)[users]
    if len(users) and n_free.min() < n:
        worst = split.test.users[int(users[n_free.argmin()])]
        raise SplitError(
            f"{n:,} negatives were asked for, and for user {worst!r} only {n_free.min():,} of "
            f"{test.n_columns:,} items are neither in the history nor held out: lower n"
        )
    negatives = _free_items(user, item, users, draw_places(n_free, n, rng), test.n_columns)
    cells = np.sort(
        np.concatenate(
            [
                test.cell_numbers,
                (users[:, None] * np.int64(test.n_columns) + negatives).ravel(),
            ]
        )
    )
    counts = test.row_counts + np.where(test.row_counts > 0, n, 0)
    indices = (cells % test.n_columns).astype(np.int32)
    values = np.ones(len(cells), dtype=np.float32)
    candidates = Csr(row_pointers(counts), indices, values, test.n_columns)
    settings = {**split.settings, "negatives": n, "negatives_seed": seed}
    return replace(split, candidates=candidates, settings=settings, note=BIASED)


def _cells(split: Split, users: Ints) -> tuple[Ints, Ints]:
    """Return user and item codes of the history and held-out cells of some users, sorted."""
    seen, test = split.seen.csr, split.test.csr
    is_tested = entry_mask(test.n_rows, users)
    parts = [part.cell_numbers[is_tested[part.row_of_entry]] for part in (seen, test)]
    cells = np.unique(np.concatenate(parts))
    return cells // test.n_columns, cells % test.n_columns


def _free_items(user: Ints, item: Ints, users: Ints, places: Ints, n_items: int) -> Ints:
    """Return the items at some places (from 0) among the items that are not a user's cells.

    Parameters
    ----------
    user, item
        The cells, sorted by user, then by item.
    users, places
        The users, rising, and the places for each of them, shape (len(users), n).
    n_items
        The number of items.
    """
    first = np.searchsorted(user, users)
    number = places_in_rows(user, np.bincount(user))
    # the number of free items before each cell: rising within a user
    free_before = user * np.int64(n_items + 1) + item - number
    place = users[:, None] * np.int64(n_items + 1) + places
    return places + np.searchsorted(free_before, place, side="right") - first[:, None]
