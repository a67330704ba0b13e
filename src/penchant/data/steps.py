"""Filters that were applied to a data set, with its size before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penchant.errors import EmptyDataError

Sizes = tuple[int, int, int]
"""The numbers of users, items and interactions."""


@dataclass(frozen=True)
class Step:
    """A filter that was applied, with the sizes of the data (before, after)."""

    what: str
    users: tuple[int, int]
    items: tuple[int, int]
    interactions: tuple[int, int]


def threshold_step(minima: tuple[int, int], before: Sizes, after: Sizes) -> Step:
    """Return the step of leaving out users and items with few interactions.

    Parameters
    ----------
    minima
        The least number of interactions of users and of items.
    before, after
        The numbers of users, items and interactions.
    """
    what = f"threshold: {minima[0]} or more per user, {minima[1]} or more per item"
    return Step(what, *zip(before, after, strict=True))


def check_left(minima: tuple[int, int], before: int, after: int) -> None:
    """Refuse to leave out everything.

    Raises
    ------
    EmptyDataError
        If no interactions are left.
    """
    if after == 0:
        raise EmptyDataError(
            f"no interactions are left of {before:,} when every user must have "
            f"{minima[0]} and every item {minima[1]}: lower the minima"
        )


def describe(step: Step) -> str:
    """Describe a step in three lines: the filter, and the sizes before and after."""

    def size(at: Callable[[tuple[int, int]], int]) -> str:
        n_users, n_items, nnz = at(step.users), at(step.items), at(step.interactions)
        density = nnz / (n_users * n_items) if n_users and n_items else 0.0
        return f"{n_users:,} users, {n_items:,} items, {nnz:,} interactions, density {density:.3%}"

    return "\n".join(
        [
            step.what,
            f"  before: {size(lambda pair: pair[0])}",
            f"  after:  {size(lambda pair: pair[1])}",
        ]
    )
