"""One scorer that dispatches queries to several others."""

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
    """A scorer and the queries that it answers.

    Attributes
    ----------
    rows
        The queries: int codes, rising.
    scorer
        Its queries are ``rows``, in this order.
    source
        The name under which answers report it.
    """

    rows: npt.NDArray[np.int64]
    scorer: Scorer
    source: str


class RoutedScorer(Scorer):
    """The scores of several scorers, each for some of the queries.

    Parameters
    ----------
    routes
        Every query is on exactly one of them.
    n_items
        The number of items, the same for all scorers.
    """

    def __init__(self, routes: Sequence[Route], n_items: int) -> None:
        self._routes = [route for route in routes if len(route.rows)]
        self.n_queries = sum(len(route.rows) for route in self._routes)
        self.n_items = n_items

    @property
    def sources(self) -> list[str]:
        """The name of the scorer of each query."""
        sources = [""] * self.n_queries
        for route in self._routes:
            for row in route.rows.tolist():
                sources[row] = route.source
        return sources

    @property
    def threads(self) -> int | None:
        """How many threads the scorers use."""
        return self._routes[0].scorer.threads if self._routes else None

    @threads.setter
    def threads(self, threads: int | None) -> None:
        for route in self._routes:
            route.scorer.threads = threads

    @property
    def may_build(self) -> bool:
        """Whether the scorers may build pruning indexes."""
        return all(route.scorer.may_build for route in self._routes)

    @may_build.setter
    def may_build(self, may_build: bool) -> None:
        for route in self._routes:
            route.scorer.may_build = may_build

    def prepare(self) -> None:
        """See :meth:`Scorer.prepare`."""
        for route in self._routes:
            route.scorer.prepare()

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`."""
        parts = []
        for route in self._routes:
            excluded, allowed = _rows_of(route, exclude), _rows_of(route, allow)
            parts.append((route.rows, route.scorer.top_k(k, exclude=excluded, allow=allowed)))
        return TopK.merge(parts) if parts else _NO_LISTS

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        above, tied = (np.empty(targets.nnz, dtype=np.int32) for _ in range(2))
        candidates = np.empty(self.n_queries, dtype=np.int64)
        for route in self._routes:
            entries, rows = targets.entries_of(route.rows), targets.take_rows(route.rows)
            ranks = route.scorer.ranks(rows, exclude=_rows_of(route, exclude))
            above[entries], tied[entries] = ranks.above, ranks.tied
            candidates[route.rows] = ranks.candidates
        return Ranks(above, tied, candidates)

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        out = np.empty(cells.nnz, dtype=np.float32)
        for route in self._routes:
            out[cells.entries_of(route.rows)] = route.scorer.at(cells.take_rows(route.rows))
        return out

    def dense(self, span: slice) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.dense`."""
        rows = np.arange(span.start, span.stop)
        out = np.empty((len(rows), self.n_items), dtype=np.float32)
        for route in self.take(rows)._routes:
            out[route.rows] = route.scorer.dense(slice(0, len(route.rows)))
        return out

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """See :meth:`Scorer.sum_of_squares`."""
        out = np.empty(self.n_queries)
        for route in self._routes:
            out[route.rows] = route.scorer.sum_of_squares()
        return out

    def take(self, rows: npt.NDArray[Any]) -> RoutedScorer:
        """See :meth:`Scorer.take`."""
        taken = []
        for route in self._routes:
            here, there = _common(np.asarray(rows), route.rows)
            taken.append(Route(here, route.scorer.take(there), route.source))
        return RoutedScorer(taken, self.n_items)

    def take_items(self, items: npt.NDArray[Any]) -> RoutedScorer:
        """See :meth:`Scorer.take_items`."""
        taken = [
            Route(route.rows, route.scorer.take_items(items), route.source)
            for route in self._routes
        ]
        return RoutedScorer(taken, len(items))


_NO_LISTS = TopK(row_pointers(np.empty(0)), np.empty(0, np.int32), np.empty(0, np.float32))


def _rows_of(route: Route, lists: Csr | None) -> Csr | None:
    return None if lists is None else lists.take_rows(route.rows)


def _common(
    left: npt.NDArray[Any], right: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the positions, in each of two rising arrays, of the values that are in both."""
    _, here, there = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    return here, there
