"""Queries on several routes get the scores of a single scorer."""

from __future__ import annotations

import numpy as np
from tests.conftest import random_interactions

from penchant.models._scoring.dispatch import Route, RoutedScorer
from penchant.models._scoring.scorers import BlockScorer, FactorScorer

RNG = np.random.default_rng(0)
QUERIES = RNG.normal(size=(9, 3)).astype(np.float32)
ITEMS = RNG.normal(size=(14, 3)).astype(np.float32)
LISTS = random_interactions(9, 14, density=0.4).csr


def whole() -> FactorScorer:
    return FactorScorer(QUERIES, ITEMS, threads=1)


def routed() -> RoutedScorer:
    """The same scores on three routes, one of them empty and one of dense blocks."""
    some, others = np.array([1, 2, 5, 8]), np.array([0, 3, 4, 6, 7])
    dense = whole().dense(slice(0, 9))[others]
    routes = [
        Route(some, whole().take(some), "vectors"),
        Route(np.array([], dtype=np.int64), whole().take(np.array([], dtype=np.int64)), "empty"),
        Route(others, BlockScorer(5, 14, lambda span: dense[span], batch=2), "blocks"),
    ]
    return RoutedScorer(routes, 14)


def same(one: object, other: object) -> None:
    assert vars(one).keys() == vars(other).keys()
    for name, value in vars(one).items():
        np.testing.assert_array_equal(value, getattr(other, name))


def test_lists_ranks_and_scores_are_those_of_one_scorer() -> None:
    expected, found = whole(), routed()
    same(found.top_k(4), expected.top_k(4))
    same(found.top_k(20, exclude=LISTS), expected.top_k(20, exclude=LISTS))
    same(found.top_k(2, allow=LISTS), expected.top_k(2, allow=LISTS))
    same(found.ranks(LISTS), expected.ranks(LISTS))
    np.testing.assert_array_equal(found.at(LISTS), expected.at(LISTS))
    np.testing.assert_array_equal(found.dense(slice(2, 7)), expected.dense(slice(2, 7)))
    np.testing.assert_allclose(found.sum_of_squares(), expected.sum_of_squares(), rtol=1e-5)


def test_some_queries_and_some_items() -> None:
    rows, items = np.array([0, 2, 3, 8]), np.array([1, 4, 13])
    found = routed().take(rows)
    assert found.sources == ["blocks", "vectors", "blocks", "vectors"]
    same(found.top_k(5), whole().take(rows).top_k(5))
    same(found.take_items(items).top_k(5), whole().take(rows).take_items(items).top_k(5))
    assert len(routed().take(np.array([], dtype=np.int64)).top_k(3).indices) == 0


def test_threads_are_those_of_all_routes() -> None:
    found = routed()
    found.threads = 2
    assert found.threads == 2
    assert RoutedScorer([], 3).threads is None
