"""Sums over blocks in an order that follows from their number alone."""

from __future__ import annotations

from collections.abc import Iterable

from penchant.engines.base import F64


def tree_sum(parts: Iterable[F64]) -> F64:
    """Add arrays in pairs, pairs of pairs, and so on; at most log₂ of their number are held.

    Any 2ᵏ consecutive parts that begin at a multiple of 2ᵏ have their own sum, so that they can be
    added elsewhere without a change of the result.
    """
    pending: list[tuple[int, F64]] = []  # (level, sum), the levels falling
    for part in parts:
        level, total = 0, part
        while pending and pending[-1][0] == level:
            total = pending.pop()[1] + total
            level += 1
        pending.append((level, total))
    total = pending.pop()[1]
    while pending:
        total = pending.pop()[1] + total
    return total
