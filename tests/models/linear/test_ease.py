"""EASE: its scores, inputs, similarities and errors."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.models.linear.test_autoencoder import by_the_paper

import penchant
from penchant import EASE
from penchant.errors import SettingsError

INPUTS = {
    "binary": np.sign,
    "linear": lambda R: R,
    "log": lambda R: np.sign(R) * np.log1p(np.abs(R)),
}


@pytest.fixture
def data() -> penchant.Interactions:
    return random_interactions(40, 25, density=0.3, seed=4, dislikes=0.2)


@pytest.mark.parametrize("confidence", INPUTS)
def test_scores_are_histories_times_weights(data, confidence) -> None:
    model = EASE(regularization=7.0, confidence=confidence).fit(data)
    X = INPUTS[confidence](data.to_scipy().toarray().astype(np.float64))
    B = by_the_paper(X, 7.0)
    np.testing.assert_allclose(model.weights, B, rtol=1e-4, atol=1e-6)
    assert (np.diag(model.weights) == 0).all()
    found = [model.scores(user, list(data.items)) for user in data.users]
    np.testing.assert_allclose(found, X @ B, rtol=1e-3, atol=1e-5)


def test_histories_are_weighted_as_the_training_data(data) -> None:
    model = EASE(regularization=7.0).fit(data)
    once = model.recommend(history=["i0003", "i0008"], k=5)
    often = model.recommend(history={"i0003": 9.0, "i0008": 2.0}, k=5)
    assert once.ids == often.ids
    valued = model.with_settings(confidence="linear").fit(data)
    why = valued.explain(history={"i0003": 2.0, "i0008": -1.0}, item="i0005")
    weights = {"i0003": 2 * valued.weights[3, 5], "i0008": -valued.weights[8, 5]}
    assert dict(zip(why.ids, why.contributions, strict=True)) == pytest.approx(weights)


def test_an_item_without_interactions_has_no_weights(data) -> None:
    left = data.select(data.csr.indices != 6)
    weights = EASE().fit(left).weights
    assert not weights[6].any()
    assert not weights[:, 6].any()


def test_similarity_is_the_partial_correlation(data) -> None:
    model = EASE(regularization=7.0).fit(data)
    X = np.sign(data.to_scipy().toarray().astype(np.float64))
    P = np.linalg.inv(X.T @ X + 7.0 * np.eye(X.shape[1]))
    expected = -P / np.sqrt(np.outer(np.diag(P), np.diag(P)))
    for code, item in ((2, "i0002"), (9, "i0009")):
        found = model.similar_items(item, k=25, include_self=True)
        assert (found.ids[0], found.scores[0]) == (item, 1)
        others = [int(one[1:]) for one in found.ids[1:]]
        np.testing.assert_allclose(found.scores[1:], expected[code, others], atol=1e-6)


def test_similarity_by_dot_equals_the_recommendations_for_that_item(data) -> None:
    model = EASE(regularization=7.0).fit(data)
    found = model.similar_items("i0002", k=10, metric="dot")
    alone = model.recommend(history=["i0002"], k=10)
    assert found.ids == alone.ids
    np.testing.assert_array_equal(found.scores, alone.scores)


def test_dropout_is_edlae(data) -> None:
    X = np.sign(data.to_scipy().toarray().astype(np.float64))
    weights = EASE(regularization=7.0, dropout=0.3).fit(data).weights
    np.testing.assert_allclose(weights, by_the_paper(X, 7.0, 0.3), rtol=1e-4, atol=1e-6)
    assert np.abs(weights).sum() < np.abs(EASE(regularization=7.0).fit(data).weights).sum()


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_neighbors_are_a_regression_on_the_most_similar_items(data, dropout) -> None:
    X = np.sign(data.to_scipy().toarray().astype(np.float64))
    G = X.T @ X
    penalties = np.diag(7.0 + dropout / (1 - dropout) * np.diag(G))
    model = EASE(regularization=7.0, dropout=dropout, neighbors=5).fit(data)
    weights = model.weights.toarray()
    for j in range(25):
        key = np.abs(G[:, j]) / np.sqrt(np.diag(G))
        key[j] = -1
        near = np.argsort(-key, kind="stable")[:5]
        expected = np.zeros(25)
        expected[near] = np.linalg.solve((G + penalties)[np.ix_(near, near)], G[near, j])
        np.testing.assert_allclose(weights[:, j], expected, atol=5e-3)
    found = [model.scores(user, list(data.items)) for user in data.users]
    np.testing.assert_allclose(found, X @ weights, atol=1e-5)
    assert model.similar_items("i0002", k=3).ids == model.recommend(history=["i0002"], k=3).ids


def test_all_neighbors_are_the_exact_weights(data) -> None:
    likes = random_interactions(40, 25, density=0.6)  # all pairs of items have users in common
    near = EASE(regularization=7.0, neighbors=25).fit(likes).weights.toarray()
    np.testing.assert_allclose(near, EASE(regularization=7.0).fit(likes).weights, atol=5e-3)


def test_neighbors_accept_more_items(data, tmp_path) -> None:
    model = EASE(max_items=12, neighbors=4, threads=1).fit(data)
    again = penchant.load(model.save(tmp_path / "near.penchant"))
    np.testing.assert_array_equal(again.weights.toarray(), model.weights.toarray())
    many = EASE(max_items=12, neighbors=4, threads=3).fit(data)
    np.testing.assert_array_equal(many.weights.toarray(), model.weights.toarray())
    with pytest.raises(SettingsError, match="max_memory"):
        EASE(neighbors=4, max_memory=1e-6).fit(data)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"regularization": 0}, "regularization must be a finite number above 0"),
        ({"regularization": float("inf")}, "regularization must be"),
        ({"regularization": "much"}, "regularization must be"),
        ({"neighbors": 0}, "neighbors must be 1 or more"),
        ({"max_memory": 0}, "max_memory must be"),
        ({"dropout": 1}, "dropout must be"),
        ({"dropout": -0.1}, "dropout must be"),
        ({"confidence": "squared"}, "confidence must be one of"),
        ({"max_items": 0}, "max_items must be 1 or more"),
        ({"max_items": 2.5}, "max_items must be a whole number"),
    ],
)
def test_settings_out_of_range(settings, told) -> None:
    with pytest.raises(SettingsError, match=told):
        EASE(**settings)


def test_too_many_items_are_refused(data) -> None:
    with pytest.raises(SettingsError, match="a weight for every pair") as told:
        EASE(max_items=12).fit(data)
    advice = re.search(r"\.threshold\(min_per_item=(\d+)\) leaves (\d+)", str(told.value))
    assert advice is not None
    least, left = map(int, advice.groups())
    fewer = data.threshold(min_per_item=least)
    assert 1 <= fewer.n_items == left <= 12
    assert EASE(max_items=12).fit(fewer).weights.shape == (left, left)


def test_the_error_states_the_memory_needed() -> None:
    wide = random_interactions(1, 30_000, density=0.001)
    with pytest.raises(SettingsError, match=r"30,000 items need 3\.6 GB .* max_items is 20,000"):
        EASE().fit(wide)


def test_a_refused_fit_leaves_the_model_as_it_was(data) -> None:
    model = EASE(max_items=25).fit(data)
    before = model.recommend("u0001", k=5)
    with pytest.raises(SettingsError):
        model.fit(random_interactions(5, 26))
    assert model.recommend("u0001", k=5).ids == before.ids


def test_values_too_large_for_the_regularization(data) -> None:
    huge = penchant.Interactions.from_scipy(data.to_scipy() * np.float32(1e30))
    with pytest.raises(SettingsError, match="raise it, or take confidence='binary'"):
        EASE(regularization=200, confidence="linear").fit(huge)
    assert np.isfinite(EASE(confidence="log").fit(huge).weights).all()


def test_the_default_penalty_is_that_of_the_data(data) -> None:
    """λ is 4 d, times the mean of the squares of the values."""
    X = data.to_scipy()
    counts = (X != 0).sum(axis=1), (X != 0).sum(axis=0)
    d = np.sqrt(np.prod([(n.astype(float) ** 2).sum() / n.sum() for n in counts]))
    for confidence, square in (("binary", 1.0), ("linear", float((X.data**2).mean()))):
        found = EASE(confidence=confidence).fit(data).weights
        penalty = 4 * d * square
        same = EASE(confidence=confidence, regularization=penalty).fit(data).weights
        np.testing.assert_allclose(found, same, rtol=1e-4, atol=1e-7)
        found_near = EASE(confidence=confidence, neighbors=5).fit(data).weights.toarray()
        near = EASE(confidence=confidence, neighbors=5, regularization=penalty).fit(data)
        np.testing.assert_allclose(found_near, near.weights.toarray(), rtol=1e-4, atol=1e-7)
        other = EASE(confidence=confidence, regularization=1.1 * penalty).fit(data).weights
        assert not np.allclose(found, other, rtol=1e-4, atol=1e-7)


def test_fit_reports_its_progress(data) -> None:
    told = []
    EASE().fit(data, on_step=lambda *step: told.append(step))
    assert told == [(1, 1)]


def test_it_beats_popularity_on_real_plays(ndcg_on_plays) -> None:
    neighbors = penchant.ItemNeighbors(similarity="tfidf")
    ndcg = ndcg_on_plays(EASE(), neighbors, penchant.Popularity())
    assert ndcg["EASE"] > ndcg["ItemNeighbors"] > ndcg["Popularity"]
