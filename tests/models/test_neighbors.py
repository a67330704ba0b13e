"""Item neighbors: their weights, and the shrinkage of similarities with little support."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import peak_memory, random_interactions

import penchant
from penchant import ItemNeighbors
from penchant.errors import SettingsError

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"


def similarities(data: penchant.Interactions, **settings) -> np.ndarray:
    """Return the similarities, item × item, 0 for items that are not neighbors."""
    model = ItemNeighbors(neighbors=data.n_items, **settings).fit(data)
    found = np.zeros((data.n_items, data.n_items))
    for code, item in enumerate(data.items):
        answer = model.similar_items(item, k=data.n_items)
        found[code, data.items.codes(answer.ids)] = answer.scores
    return found


@given(seed=st.integers(0, 99), k1=st.floats(0.1, 100), b=st.floats(0, 1))
def test_weights_are_those_of_the_textbook(seed, k1, b) -> None:
    """Items are the documents, people the terms: n in log(n / df) is the number of items."""
    data = random_interactions(20, 12, density=0.4, seed=seed)
    X = np.maximum(data.to_scipy().toarray().T.astype(np.float64), 0)
    data = penchant.Interactions.from_scipy(X.T.astype(np.float32))
    rarity = np.maximum(np.log(len(X) / (1 + (X > 0).sum(axis=0))), 0)
    tfidf = np.sqrt(X) * rarity
    norms = np.linalg.norm(tfidf, axis=1, keepdims=True)
    tfidf /= np.where(norms > 0, norms, 1)
    length = 1 - b + b * X.sum(axis=1, keepdims=True) / X.sum(axis=1).mean()
    bm25 = X * (k1 + 1) / np.where(X > 0, k1 * length + X, 1) * rarity
    for how, weighted in (("tfidf", tfidf), ("bm25", bm25)):
        alike = weighted @ weighted.T
        np.fill_diagonal(alike, 0)
        found = similarities(data, similarity=how, confidence="linear", k1=k1, b=b)
        np.testing.assert_allclose(found, alike, rtol=1e-4, atol=1e-6)


@given(
    seed=st.integers(0, 99),
    shrinkage=st.floats(0.01, 100),
    similarity=st.sampled_from(["cosine", "tfidf", "bm25"]),
)
def test_few_common_users_count_less(seed, shrinkage, similarity) -> None:
    data = random_interactions(20, 8, density=0.4, seed=seed)
    has = (data.to_scipy().toarray() != 0).astype(np.float64)
    common = has.T @ has
    plain = similarities(data, similarity=similarity)
    found = similarities(data, similarity=similarity, shrinkage=shrinkage)
    np.testing.assert_allclose(found, plain * common / (common + shrinkage), rtol=1e-4, atol=1e-7)


def test_dislikes_are_in_common_too() -> None:
    data = penchant.Interactions.from_scipy(np.array([[1, 1], [-1, -1], [2, 0]], dtype=np.float32))
    plain, shrunk = similarities(data), similarities(data, shrinkage=2)
    np.testing.assert_allclose(shrunk, plain / 2, rtol=1e-6)
    assert plain[0, 1] > 0


def test_shrinkage_prefers_neighbors_with_more_support() -> None:
    likes = np.zeros((40, 3), dtype=np.float32)
    likes[:5, 0] = 1  # five have a,
    likes[0, 1] = 1  # one of them the rare item, which no other user has,
    likes[1:40, 2] = 1  # and four the frequent one, as most users
    data = penchant.Interactions.from_scipy(likes, item_ids=["a", "rare", "frequent"])
    nearest = ItemNeighbors(similarity="cosine").fit(data).similar_items("a", k=1).ids
    shrunk = ItemNeighbors(similarity="cosine", shrinkage=10).fit(data).similar_items("a", k=1).ids
    assert (list(nearest), list(shrunk)) == (["rare"], ["frequent"])


@pytest.mark.parametrize("settings", [{}, {"similarity": "bm25", "shrinkage": 5}])
def test_the_same_neighbors_on_any_number_of_threads(settings) -> None:
    data = random_interactions(80, 1500, density=0.1)  # two blocks
    one, many = (
        ItemNeighbors(threads=threads, **settings).fit(data)._arrays() for threads in (1, 4)
    )
    for name, found in one.items():
        np.testing.assert_array_equal(many[name], found)


@pytest.mark.parametrize("shrinkage", [0, 5])
def test_a_fit_holds_few_similarities_at_a_time(shrinkage) -> None:
    data = random_interactions(100, 4000, density=0.05)
    model = ItemNeighbors(neighbors=20, shrinkage=shrinkage)
    ItemNeighbors().fit(random_interactions(5, 5))  # what is imported is no part of it
    peak = peak_memory(lambda: model.fit(data))
    assert peak < 0.6 * data.n_items**2 * 4


@pytest.mark.parametrize("shrinkage", [-1, float("nan"), float("inf"), "10", None])
def test_shrinkage_out_of_range(shrinkage) -> None:
    with pytest.raises(SettingsError, match="shrinkage must be a finite number of 0 or more"):
        ItemNeighbors(shrinkage=shrinkage)


def test_older_files_have_no_shrinkage() -> None:
    model = penchant.load(ARTIFACTS / "format-1-item-neighbors.penchant")
    assert model.settings["shrinkage"] == 0
