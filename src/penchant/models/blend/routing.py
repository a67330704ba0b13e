"""The choice of the parts that answer each query, and the scorer that combines their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.errors import UnsupportedError
from penchant.models._scoring.dispatch import Route, RoutedScorer
from penchant.models._scoring.scorers import Scorer
from penchant.models.base import Model
from penchant.models.blend.fusion import Fusion, mixed
from penchant.models.blend.query import Bools, ScoringQuery, uses_features

Maker = Callable[[Model, npt.NDArray[np.int64]], Scorer]
"""A part and the positions of some queries → the part's scorer of these queries."""


@dataclass(frozen=True)
class Router:
    """Sends each query to the parts of a blend that answer it.

    Attributes
    ----------
    parts
        Name → fitted model.
    weights
        Name → weight, of the parts with a weight above 0.
    chain
        The names of parts in the order in which they are tried.
    fusion
        How scores are brought to one scale.
    met
        Which items had interactions in training, shape (n_items,).
    threads
        The number of threads that rank mixed scores; None: all cores.
    """

    parts: Mapping[str, Model]
    weights: Mapping[str, float]
    chain: tuple[str, ...]
    fusion: Fusion
    met: Bools
    threads: int | None

    def scorer(self, query: ScoringQuery, make: Maker) -> RoutedScorer:
        """Return a scorer that sends each query to its parts; unknown users get a separate one."""
        patterns, where = np.unique(
            np.column_stack([self._parts_by_query(query), query.is_unknown]),
            axis=0,
            return_inverse=True,
        )
        names, routes = list(self.parts), []
        for at, pattern in enumerate(patterns[:, :-1]):
            places = np.flatnonzero(where == at)
            chosen = [names[place] for place in np.flatnonzero(pattern)]
            scorers = [(name, make(self.parts[name], places)) for name in chosen]
            scorer = self._mixed(scorers, query.seen.take_rows(places))
            routes.append(Route(places, scorer, " + ".join(chosen)))
        return RoutedScorer(routes, query.seen.n_columns)

    def choices(self, query: ScoringQuery) -> list[list[str]]:
        """Return the names of the parts that answer each query."""
        names = list(self.parts)
        return [
            [names[place] for place in np.flatnonzero(answers)]
            for answers in self._parts_by_query(query)
        ]

    def _mixed(self, scorers: list[tuple[str, Scorer]], rows: Csr) -> Scorer:
        """Return the weighted mean of several scorers; a single one stays as it is."""
        if len(scorers) == 1:
            return scorers[0][1]
        weighed = [(self.weights[name], scorer) for name, scorer in scorers]
        return mixed(weighed, rows, self.fusion, threads=self.threads)

    def _parts_by_query(self, query: ScoringQuery) -> Bools:
        """Return which parts answer each query: shape (n_queries, n_parts)."""
        can = np.column_stack([query.can_score(part, self.met) for part in self.parts.values()])
        chain = self._chain_for(query)
        able = can[:, chain]
        place = np.where(able.any(axis=1), able.argmax(axis=1), len(chain) - 1)
        first = chain[place]
        weighted = np.array([name in self.weights for name in self.parts])
        queries = np.arange(len(first))
        mixes = weighted[first] & can[queries, first]
        answers: Bools = can & weighted & mixes[:, np.newaxis]
        answers[queries, first] = True
        return answers

    def _chain_for(self, query: ScoringQuery) -> npt.NDArray[np.int64]:
        """Return the places of the chain's parts; for new items, of those that use features.

        Raises
        ------
        UnsupportedError
            If the query has features that no part uses.
        """
        uses = [uses_features(part, "user") for part in self.parts.values()]
        if query.people is not None and not any(uses):
            raise UnsupportedError("no part of this blend was fitted with features of users")
        names = list(self.parts)
        chain = [names.index(name) for name in self.chain if query.is_rankable_by(self.parts[name])]
        if not chain:
            raise UnsupportedError(
                "no model in the chain of this blend was fitted with features of items"
            )
        return np.array(chain)
