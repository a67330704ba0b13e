"""A model keeps its indexes until it is fitted again."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions

import penchant
from penchant.models._scoring import index
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.index import ItemIndex
from penchant.models._scoring.scorers import FactorScorer

N_ITEMS = 1500  # few enough to be quick, and more than native code goes through one by one

MAKERS = {
    "als": lambda: penchant.ALS(factors=6, iterations=2, threads=1),
    "hybrid": lambda: penchant.HybridALS(factors=6, iterations=2, threads=1),
    "ranking": lambda: penchant.Ranking(factors=6, iterations=2, threads=1),
}


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the catalogs of these tests large enough for an index."""
    monkeypatch.setattr(index, "MIN_ITEMS", N_ITEMS)


@pytest.fixture(scope="module")
def data() -> penchant.Interactions:
    return random_interactions(60, N_ITEMS, density=0.02)


def indexed(model: Any) -> Any:
    """Return the index that the model's recommendations use."""
    return model.scorer(model.interactions).index.pruning(0, None)


def lists(model: Any) -> list[Any]:
    return [
        model.recommend("u0003", k=12),
        model.recommend(["u0001", "u0002", "u0005"], k=7, exclude_seen=False),
        model.recommend("u0004", k=5, deny=["i0007"], allow=[f"i{i:04d}" for i in range(400)]),
        model.recommend(history=["i0003", "i0009"], k=9),
        model.similar_items(["i0011", "i0012"], k=8),
        model.similar_items("i0013", k=8, metric="dot"),
    ]


def assert_same(some: list[Any], others: list[Any]) -> None:
    for one, other in zip(some, others, strict=True):
        assert list(one.ids) == list(other.ids)
        np.testing.assert_array_equal(one.scores, other.scores)


@pytest.mark.parametrize("kind", MAKERS)
def test_answers_stay_the_same_fitted_and_opened(kind, data, tmp_path):
    model = MAKERS[kind]().fit(data)
    plain = lists(model)
    assert indexed(model) is None, "a few questions are not worth an index"
    model.prepare()
    assert indexed(model) is not None
    assert_same(lists(model), plain)
    model.save(tmp_path / "model.penchant")
    opened = penchant.load(tmp_path / "model.penchant")
    opened.prepare()
    assert indexed(opened) is not None
    assert_same(lists(opened), plain)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("again", ["fit", "partial_fit"])
def test_a_refit_discards_the_earlier_fit(kind, again, data):
    model = MAKERS[kind]().fit(data)
    model.prepare()
    lists(model)
    old = weakref.ref(model._Y if kind == "ranking" else model._state.items.factors)
    others = random_interactions(50, N_ITEMS, density=0.02, seed=1)
    getattr(model, again)(others)
    gc.collect()
    assert old() is None
    assert indexed(model) is None
    model.prepare()
    scorer = model.scorer(others)
    found = scorer.top_k(10)
    plain = FactorScorer(scorer.queries, scorer.factors.copy()).top_k(10)
    np.testing.assert_array_equal(found.indices, plain.indices)
    np.testing.assert_array_equal(found.scores, plain.scores)


def test_a_model_in_training_has_no_index(data):
    model, seen = penchant.ALS(factors=6, iterations=3, threads=1), []

    def look(_: Any) -> None:
        model.prepare()
        seen.append(indexed(model))
        scorer = model.scorer(data)
        plain = FactorScorer(scorer.queries, scorer.factors.copy()).top_k(5)
        np.testing.assert_array_equal(scorer.top_k(5).indices, plain.indices)

    model.fit(data, on_epoch=look)
    assert seen == [None] * 3


def test_concurrent_requests(data):
    model = MAKERS["als"]().fit(data)
    expected = [list(model.recommend(user, k=5).ids) for user in list(data.users)[:8]]
    found: dict[int, list[Any]] = {}

    def ask(at: int) -> None:
        found[at] = [list(model.recommend(data.users[at], k=5).ids) for _ in range(20)]

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert indexed(model) is not None
    assert found == {at: [expected[at]] * 20 for at in range(8)}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 12), k=st.integers(1, 60))
def test_scorers_of_frozen_factors_find_the_same(seed: int, m: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(5000, 12)) * rng.lognormal(0, 1, (5000, 1))
    items = items.astype(np.float32)
    queries = rng.normal(size=(m, 12)).astype(np.float32)
    plain = FactorScorer(queries, items.copy()).top_k(k)
    kept = FactorScorer(queries, ItemIndex(freeze(items)))
    kept.prepare()
    for scorer in (kept, kept.take(np.arange(m))):
        found = scorer.top_k(k)
        np.testing.assert_array_equal(found.indptr, plain.indptr)
        np.testing.assert_array_equal(found.indices, plain.indices)
        np.testing.assert_array_equal(found.scores, plain.scores)
