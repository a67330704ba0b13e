"""Filters that were applied to a data set, with its size before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A filter that was applied, with the sizes of the data (before, after)."""

    what: str
    users: tuple[int, int]
    items: tuple[int, int]
    interactions: tuple[int, int]


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
