"""SLIM: its scores, settings, similarities and errors."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.kernels.test_elastic_net import slow_weights

import penchant
from penchant import SLIM
from penchant._kernels import ElasticNet
from penchant.errors import SettingsError

INPUTS = {
    "binary": np.sign,
    "linear": lambda R: R,
    "log": lambda R: np.sign(R) * np.log1p(np.abs(R)),
}
EXACT = {"l1": 0.5, "l2": 4.0, "tolerance": 1e-10}


@pytest.fixture
def data() -> penchant.Interactions:
    return random_interactions(40, 25, density=0.3, seed=4, dislikes=0.2)


@pytest.mark.parametrize("nonnegative", [True, False])
@pytest.mark.parametrize("confidence", INPUTS)
def test_scores_are_histories_times_weights(data, confidence, nonnegative) -> None:
    model = SLIM(**EXACT, confidence=confidence, nonnegative=nonnegative).fit(data)
    X = INPUTS[confidence](data.to_scipy().toarray().astype(np.float64))
    W = slow_weights(X, ElasticNet(0.5, np.full(25, 4.0), nonnegative))
    np.testing.assert_allclose(model.weights.toarray(), W, atol=1e-4)
    found = [model.scores(user, list(data.items)) for user in data.users]
    np.testing.assert_allclose(found, X @ W, rtol=1e-3, atol=2e-3)


def test_weights_are_nonnegative_and_sparse(data) -> None:
    few, many = (SLIM(l1=l1, l2=4.0).fit(data).weights for l1 in (2.0, 0.1))
    assert 0 < few.nnz < many.nnz
    assert (many.data > 0).all()
    assert not many.diagonal().any()
    signed = SLIM(l1=0.1, l2=4.0, nonnegative=False).fit(data).weights
    assert (signed.data < 0).any()


def test_explanations_are_the_terms_of_the_sum(data) -> None:
    model = SLIM(l1=0.1, l2=4.0, confidence="linear").fit(data)
    history = {"i0003": 2.0, "i0008": -1.0, "i0011": 1.0}
    why = model.explain(history=history, item="i0005")
    codes = data.items.codes(list(history))
    weights = model.weights.toarray()[codes, data.items.codes(["i0005"])[0]]
    terms = dict(zip(history, weights * np.array(list(history.values())), strict=True))
    for item, term in zip(why.ids, why.contributions, strict=True):
        assert term == pytest.approx(terms[item], abs=1e-7)


def test_similarity_is_what_the_item_alone_recommends(data) -> None:
    model = SLIM(l1=0.1, l2=4.0).fit(data)
    alone = model.recommend(history=["i0002"], k=10)
    for metric in ("cosine", "dot"):
        similar = model.similar_items("i0002", k=10, metric=metric)
        assert similar.ids == alone.ids
        np.testing.assert_array_equal(similar.scores, alone.scores)


def test_neighbors_limit_the_weights(data) -> None:
    model = SLIM(l1=0.0, l2=4.0, neighbors=3, nonnegative=False).fit(data)
    assert np.bincount(model.weights.tocoo().col, minlength=25).max() == 3
    likes = data.select(data.csr.values > 0)
    whole = SLIM(**EXACT).fit(likes).weights
    all_of_them = SLIM(**EXACT, neighbors=25).fit(likes).weights
    np.testing.assert_allclose(all_of_them.toarray(), whole.toarray(), atol=1e-5)


def test_an_item_without_interactions_has_no_weights(data) -> None:
    weights = SLIM().fit(data.select(data.csr.indices != 6)).weights.toarray()
    assert not weights[6].any()
    assert not weights[:, 6].any()


def test_permuting_users_and_items_permutes_answers(data) -> None:
    dense = data.to_scipy().toarray()
    rng = np.random.default_rng(0)
    users, items = rng.permutation(40), rng.permutation(25)
    model = SLIM(**EXACT).fit(penchant.Interactions.from_scipy(dense))
    turned = SLIM(**EXACT).fit(penchant.Interactions.from_scipy(dense[users][:, items]))
    expected = model.weights.toarray()[np.ix_(items, items)]
    np.testing.assert_allclose(turned.weights.toarray(), expected, atol=1e-5)
    scores = model.scores(int(users[3]), items.tolist())
    np.testing.assert_allclose(turned.scores(3, list(range(25))), scores, atol=1e-4)


def test_the_result_does_not_depend_on_threads() -> None:
    data = random_interactions(60, 700, density=0.1, seed=2)  # two blocks of items
    first = SLIM(l1=0.2, l2=3.0, threads=1).fit(data).weights
    for threads in (2, 5):
        again = SLIM(l1=0.2, l2=3.0, threads=threads).fit(data).weights
        np.testing.assert_array_equal(again.indices, first.indices)
        np.testing.assert_array_equal(again.data, first.data)


def test_fit_reports_its_progress() -> None:
    steps: list[tuple[int, int]] = []
    data = random_interactions(20, 600, density=0.05)
    SLIM().fit(data, on_step=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]


def test_a_gram_matrix_that_is_too_large_is_refused(data) -> None:
    with pytest.raises(SettingsError, match=r"more than 1e-06 GB here, 0\.0 GB at most"):
        SLIM(max_memory=1e-6).fit(data)
    model = SLIM(max_memory=1e-4).fit(data)
    before = model.recommend("u0001", k=5)
    with pytest.raises(SettingsError, match="raise max_memory"):
        model.fit(random_interactions(5, 300, density=0.9))
    assert model.recommend("u0001", k=5).ids == before.ids


def test_values_too_large_for_the_penalty(data) -> None:
    for size in (1e6, 1e30):
        huge = penchant.Interactions.from_scipy(data.to_scipy() * np.float32(size))
        with pytest.raises(SettingsError, match="raise it, or take confidence='binary'"):
            SLIM(confidence="linear").fit(huge)
        assert np.isfinite(SLIM(confidence="log").fit(huge).weights.data).all()


def test_a_fit_that_does_not_converge_is_logged(data, monkeypatch, caplog) -> None:
    monkeypatch.setattr(ElasticNet.__new__, "__defaults__", (False, None, 1e-4, 1))
    with caplog.at_level(logging.WARNING, logger="penchant"):
        SLIM(l1=0.0, l2=1e-3, tolerance=1e-9).fit(data)
    assert "of 25 items are not within tolerance=1e-09 after 1 sweeps" in caplog.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"l1": -1}, "l1 must be a finite number of 0 or more"),
        ({"l2": 0}, "l2 must be a finite number above 0"),
        ({"l2": float("nan")}, "l2 must be"),
        ({"nonnegative": 1}, "nonnegative must be"),
        ({"neighbors": 0}, "neighbors must be 1 or more"),
        ({"confidence": "squared"}, "confidence must be one of"),
        ({"tolerance": 1}, "tolerance must be"),
        ({"max_memory": 0}, "max_memory must be a finite number above 0"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        SLIM(**settings)


def test_it_beats_popularity_on_real_plays(ndcg_on_plays) -> None:
    neighbors = penchant.ItemNeighbors(similarity="tfidf")
    ndcg = ndcg_on_plays(SLIM(), neighbors, penchant.Popularity())
    assert ndcg["SLIM"] > ndcg["ItemNeighbors"] > ndcg["Popularity"]
