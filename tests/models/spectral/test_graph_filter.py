"""GraphFilter: its scores, compared with the papers' formulas on dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import GraphFilter
from penchant.errors import SettingsError

INPUTS = {
    "binary": np.sign,
    "linear": lambda X: X,
    "log": lambda X: np.sign(X) * np.log1p(np.abs(X)),
}


GF_CF = {"item_exponent": 0.5, "user_exponent": 0.5}


@pytest.fixture
def data() -> penchant.Interactions:
    return random_interactions(40, 25, density=0.3, seed=4, dislikes=0.2)


@pytest.fixture
def likes() -> penchant.Interactions:
    return random_interactions(50, 30, density=0.2, seed=6)


def inverse_power(sums: np.ndarray, exponent: float) -> np.ndarray:
    return np.where(sums > 0, np.maximum(sums, 1e-300) ** -exponent, 0.0)


def oracle(data: penchant.Interactions, model: GraphFilter) -> np.ndarray:
    """Compute the scores of all users by dense matrices."""
    X = INPUTS[model.confidence](data.to_scipy().toarray().astype(np.float64))
    users, items = np.abs(X).sum(axis=1), np.abs(X).sum(axis=0)
    into = np.diag(inverse_power(items, model.item_exponent))
    R = np.diag(inverse_power(users, model.user_exponent)) @ X @ into
    R /= np.linalg.norm(R, 2)
    P = R.T @ R
    _, values, Vt = np.linalg.svd(R)
    V = Vt[: model.factors].T
    H = np.diag(values[: model.factors] ** model.spectral_exponent)
    low_pass = into @ V @ H @ V.T
    graph = P
    if model.signal == "raw":
        low_pass = low_pass @ np.diag(items**model.item_exponent)
    else:
        graph = into @ P
    scores = X @ ((1 - model.low_pass) * graph + model.low_pass * low_pass)
    for _ in range(model.sharpening_steps):
        scores = scores - model.sharpening / model.sharpening_steps * scores @ P
    return scores


def check(data: penchant.Interactions, **settings) -> None:
    model = GraphFilter(factors=6, **settings).fit(data)
    mine = np.array([model.scores(user, list(data.items)) for user in data.users])
    expected = oracle(data, model)
    np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("signal", ["raw", "normalized"])
@pytest.mark.parametrize("low_pass", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("sharpening", [(0.0, 1), (2.0, 1), (1.0, 3)])
def test_scores_are_those_of_dense_matrices(likes, signal, low_pass, sharpening) -> None:
    time, steps = sharpening
    check(likes, signal=signal, low_pass=low_pass, sharpening=time, sharpening_steps=steps)
    check(
        likes,
        signal=signal,
        low_pass=low_pass,
        sharpening=time,
        sharpening_steps=steps,
        item_exponent=0.2,
        user_exponent=0.8,
        spectral_exponent=1.5,
    )


@pytest.mark.parametrize("confidence", INPUTS)
def test_values_and_dislikes(data, confidence) -> None:
    check(data, confidence=confidence)
    check(data, confidence=confidence, signal="normalized", sharpening=1.0)


def test_gf_cf_by_hand() -> None:
    """Two users: one has a and b, the other b and c; α = 1."""
    likes = penchant.Interactions.from_scipy(np.array([[1.0, 1, 0], [0, 1, 1]]))
    model = GraphFilter(low_pass=0.5, factors=1, **GF_CF).fit(likes)
    # R̃ = [[1/√2, 1/2, 0], [0, 1/2, 1/√2]], σ₁ = 1, v₁ = (1/2, 1/√2, 1/2)
    np.testing.assert_allclose(model.singular_values, [1.0], rtol=1e-6)
    graph = np.array([0.5 + 0.5**1.5, 0.5**1.5 + 0.5, 0.5**1.5])
    # D^−½ x v₁ = 1/2 + 1/2 = 1, and D^½ v₁ = (1/2, 1, 1/2)
    low_pass = np.array([0.5, 1.0, 0.5])
    np.testing.assert_allclose(model.scores(0, [0, 1, 2]), (graph + low_pass) / 2, rtol=1e-5)


def test_a_history_scores_as_the_user_who_has_it(likes) -> None:
    model = GraphFilter(factors=6).fit(likes)
    known = model.recommend("u0003", k=8)
    folded = model.recommend(history=likes.history("u0003"), k=8)
    assert folded.ids == known.ids
    np.testing.assert_array_equal(folded.scores, known.scores)


@pytest.mark.parametrize("settings", [{}, {"low_pass": 1.0}, {"sharpening": 1.0}])
def test_all_users_at_once_get_what_each_gets(likes, settings) -> None:
    model = GraphFilter(factors=6, **settings).fit(likes)
    together = model.recommend(list(likes.users), k=5)
    for user in list(likes.users)[::7]:
        alone = model.recommend(user, k=5)
        assert alone.ids == together.for_(user).ids
        np.testing.assert_array_equal(alone.scores, together.for_(user).scores)


def test_the_result_does_not_depend_on_threads(likes) -> None:
    settings = {"factors": 8, "sharpening": 0.5}
    first = GraphFilter(threads=1, **settings).fit(likes).recommend(list(likes.users), k=7)
    for threads in (2, 3):
        model = GraphFilter(threads=threads, **settings).fit(likes)
        again = model.recommend(list(likes.users), k=7)
        assert again.ids == first.ids
        np.testing.assert_array_equal(again.scores, first.scores)


def test_permuting_users_and_items_permutes_answers(likes) -> None:
    dense = likes.to_scipy().toarray()
    rng = np.random.default_rng(0)
    users, items = rng.permutation(50), rng.permutation(30)
    model = GraphFilter(factors=5).fit(penchant.Interactions.from_scipy(dense))
    turned = GraphFilter(factors=5).fit(penchant.Interactions.from_scipy(dense[users][:, items]))
    for user in (0, 7):
        expected = model.scores(int(users[user]), items.tolist())
        mine = turned.scores(user, list(range(30)))
        np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-5)


def test_similarities_are_cosines_of_the_filter(likes) -> None:
    model = GraphFilter(factors=6, low_pass=0.4, spectral_exponent=1.0, **GF_CF).fit(likes)
    X = np.sign(likes.to_scipy().toarray().astype(np.float64))
    R = np.diag(X.sum(axis=1) ** -0.5) @ X @ np.diag(X.sum(axis=0) ** -0.5)
    _, values, Vt = np.linalg.svd(R)
    K = 0.6 * R.T @ R + 0.4 * Vt[:6].T @ np.diag(values[:6]) @ Vt[:6]
    lengths = np.sqrt(np.diag(K))
    similar = model.similar_items("i0003", k=30, include_self=True)
    assert (similar.ids[0], similar.scores[0]) == ("i0003", 1)
    codes = likes.items.codes(list(similar.ids))
    expected = (K / np.outer(lengths, lengths))[3, codes]
    np.testing.assert_allclose(similar.scores, expected, rtol=1e-3, atol=1e-5)


def test_similarity_by_dot_equals_the_recommendations_for_that_item(likes) -> None:
    model = GraphFilter(factors=6).fit(likes)
    similar = model.similar_items("i0002", k=10, metric="dot")
    alone = model.recommend(history=["i0002"], k=10)
    assert similar.ids == alone.ids
    np.testing.assert_array_equal(similar.scores, alone.scores)


def test_an_item_without_interactions_scores_nothing(likes) -> None:
    left = likes.select(likes.csr.indices != 6)
    model = GraphFilter(factors=6).fit(left)
    assert model.scores("u0001", ["i0006"])[0] == 0
    assert not model.recommend(history=["i0006"], k=5).scores.any()


def test_more_factors_than_users_or_items(likes) -> None:
    model = GraphFilter(factors=500, low_pass=1.0).fit(likes)
    assert len(model.singular_values) == 30
    own = likes.history("u0004")
    scores = model.scores("u0004", list(likes.items))
    # all vectors: the identity, and the user's own items come back
    expected = [float(item in own) for item in likes.items]
    np.testing.assert_allclose(scores, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"low_pass": 1.5}, "low_pass must be a finite number of 0 or more and 1 or less"),
        ({"factors": 0}, "factors must be 1 or more"),
        ({"item_exponent": -0.5}, "item_exponent must be"),
        ({"user_exponent": float("nan")}, "user_exponent must be"),
        ({"spectral_exponent": -1}, "spectral_exponent must be"),
        ({"signal": "counts"}, "signal must be one of"),
        ({"sharpening": -1.0}, "sharpening must be"),
        ({"sharpening_steps": 0}, "sharpening_steps must be 1 or more"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        GraphFilter(**settings)


def test_the_default_of_factors_is_that_of_the_size() -> None:
    data = random_interactions(1500, 1200, density=0.01, seed=2)
    model = GraphFilter().fit(data)
    counts = np.diff(data.csr.indptr), np.bincount(data.csr.indices)
    users, items = ((n.astype(float) ** 2).sum() / n.sum() for n in counts)
    assert len(model.singular_values) == round(data.nnz / np.sqrt(users * items) / 27.5)


def test_it_beats_popularity_on_real_plays(ndcg_on_plays) -> None:
    ndcg = ndcg_on_plays(GraphFilter(), penchant.PureSVD(), penchant.Popularity())
    assert ndcg["GraphFilter"] > ndcg["Popularity"]
    assert ndcg["PureSVD"] > ndcg["Popularity"]
