"""Items by popularity, for people without a history."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np
import numpy.typing as npt

from penchant.data.ids import Id
from penchant.data.interactions import Interactions
from penchant.models._outline import like_counts


class Popular:
    """Items ordered by the number of people who like them.

    Parameters
    ----------
    data
        The interactions, or what a model keeps of them.
    """

    def __init__(self, data: Interactions) -> None:
        self._data = data

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (n_items,): how many people like each item."""
        return like_counts(self._data)

    @cached_property
    def _order(self) -> list[int]:
        order: list[int] = np.argsort(-self.counts, kind="stable").tolist()
        return order

    def best(
        self, k: int, allow: Collection[Id] | None = None, deny: Collection[Id] | None = None
    ) -> tuple[list[Id], list[float]]:
        """Return the k most popular items, filtered, and how many people like each."""
        items = self._data.items
        allowed = None if allow is None else set(allow)
        chosen: list[int] = []
        for code in self._order:
            item = items[code]
            if (allowed is None or item in allowed) and (deny is None or item not in deny):
                chosen.append(code)
                if len(chosen) == k:
                    break
        codes = np.array(chosen, dtype=np.int64)
        return items[codes].tolist(), self.counts[codes].astype(float).tolist()
