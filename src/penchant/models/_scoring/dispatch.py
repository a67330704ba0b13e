"""Scores of queries that are answered in different ways, some by one scorer, some by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr, row_pointers
from penchant.models._scoring.scorers import Ranks, Scorer, TopK


@dataclass(frozen=True)
class Route:
    """Who answers some of the queries.

    Attributes
    ----------
    rows
        Which: int codes, rising.
    scorer
        Their scores, a query for each of ``rows``.
    source
        What to call it.
    """

    rows: npt.NDArray[np.int64]
    scorer: Scorer
    source: str


class RoutedScorer(Scorer):
    """The scores of several scorers as those of one.

    Parameters
    ----------
    routes
        Each query is on one of them, and none is left out.
    n_items
        How many items all of them score.
    """

    def __init__(self, routes: Sequence[Route], n_items: int) -> None:
        self._routes = [route for route in routes if len(route.rows)]
        self.n_queries = sum(len(route.rows) for route in self._routes)
        self.n_items = n_items

    @property
    def sources(self) -> list[str]:
        """Who answers each query."""
        told = [""] * self.n_queries
        for route in self._routes:
            for row in route.rows.tolist():
                told[row] = route.source
        return told

    @property
    def threads(self) -> int | None:
        """How many the scorers use."""
        return self._routes[0].scorer.threads if self._routes else None

    @threads.setter
    def threads(self, threads: int | None) -> None:
        for route in self._routes:
            route.scorer.threads = threads

    def prepare(self) -> None:
        """See :meth:`Scorer.prepare`."""
        for route in self._routes:
            route.scorer.prepare()

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`."""
        found = [
            (one.rows, one.scorer.top_k(k, exclude=_of(one, exclude), allow=_of(one, allow)))
            for one in self._routes
        ]
        return TopK.merge(found) if found else _NOTHING

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        above, tied = (np.empty(targets.nnz, dtype=np.int32) for _ in range(2))
        candidates = np.empty(self.n_queries, dtype=np.int64)
        for one in self._routes:
            entries = targets.entries_of(one.rows)
            found = one.scorer.ranks(targets.take_rows(one.rows), exclude=_of(one, exclude))
            above[entries], tied[entries] = found.above, found.tied
            candidates[one.rows] = found.candidates
        return Ranks(above, tied, candidates)

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        out = np.empty(cells.nnz, dtype=np.float32)
        for one in self._routes:
            out[cells.entries_of(one.rows)] = one.scorer.at(cells.take_rows(one.rows))
        return out

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """See :meth:`Scorer.sum_of_squares`."""
        out = np.empty(self.n_queries)
        for one in self._routes:
            out[one.rows] = one.scorer.sum_of_squares()
        return out

    def take(self, rows: npt.NDArray[Any]) -> RoutedScorer:
        """See :meth:`Scorer.take`."""
        taken = []
        for one in self._routes:
            here, there = _common(np.asarray(rows), one.rows)
            taken.append(Route(here, one.scorer.take(there), one.source))
        return RoutedScorer(taken, self.n_items)

    def take_items(self, items: npt.NDArray[Any]) -> RoutedScorer:
        """See :meth:`Scorer.take_items`."""
        taken = [Route(one.rows, one.scorer.take_items(items), one.source) for one in self._routes]
        return RoutedScorer(taken, len(items))


_NOTHING = TopK(row_pointers(np.empty(0)), np.empty(0, np.int32), np.empty(0, np.float32))


def _of(route: Route, lists: Csr | None) -> Csr | None:
    return None if lists is None else lists.take_rows(route.rows)


def _common(
    wanted: npt.NDArray[Any], known: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where what is in both of two rising arrays stands in the one and in the other."""
    _, here, there = np.intersect1d(wanted, known, assume_unique=True, return_indices=True)
    return here, there
