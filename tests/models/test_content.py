"""Content beyond the contract: cosines, new items, dense and sparse vectors."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import Content, Features
from penchant.errors import DataError, SettingsError, UnsupportedError

N_USERS, N_ITEMS, D = 12, 9, 5
DATA = random_interactions(N_USERS, N_ITEMS, density=0.4, seed=2, dislikes=0.2)
VECTORS = np.random.default_rng(4).normal(size=(N_ITEMS, D))
FEATURES = Features.dense(DATA.items, VECTORS)


def cosines_by_hand(weights: dict[str, float]) -> np.ndarray:
    units = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    person = sum(weight * units[DATA.items.code(item)] for item, weight in weights.items())
    return units @ person / np.linalg.norm(person)


@pytest.mark.parametrize("confidence", ["binary", "linear", "log"])
def test_scores_are_cosines_with_the_weighted_mean(confidence: str) -> None:
    model = Content(FEATURES, confidence=confidence).fit(DATA)
    weigh = {"binary": np.sign, "linear": float, "log": lambda v: np.sign(v) * np.log1p(abs(v))}
    past = {item: weigh[confidence](value) for item, value in DATA.history("u0003").items()}
    found = model.scores("u0003", list(DATA.items))
    np.testing.assert_allclose(found, cosines_by_hand(past), atol=1e-6)


def test_similarity_is_the_cosine() -> None:
    model = Content(FEATURES).fit(DATA)
    found = model.similar_items("i0002", k=N_ITEMS)
    by_hand = dict(zip(DATA.items, cosines_by_hand({"i0002": 1.0}), strict=True))
    assert found.ids == sorted(found.ids, key=by_hand.__getitem__, reverse=True)
    np.testing.assert_allclose(found.scores, [by_hand[item] for item in found.ids], atol=1e-6)


def test_sparse_vectors_answer_as_dense_ones_do() -> None:
    many = np.zeros((N_ITEMS, 200))
    many[:, :3] = np.abs(VECTORS[:, :3])
    sparse = Content(Features.dense(DATA.items, many)).fit(DATA)
    dense = Content(Features.dense(DATA.items, many[:, :3])).fit(DATA)
    assert not isinstance(sparse.item_factors, np.ndarray)
    assert isinstance(dense.item_factors, np.ndarray)
    new = {"new": {0: 1.0, 2: 2.0}}
    for ask in (
        lambda m: m.recommend(list(DATA.users), k=4),
        lambda m: m.similar_items(list(DATA.items), k=4),
        lambda m: m.recommend(list(DATA.users), item_features=new),
        lambda m: m.similar_to(new, k=3),
    ):
        one, other = ask(sparse), ask(dense)
        assert one.ids == other.ids
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    why = [m.explain("u0003", "i0001").contributions for m in (sparse, dense)]
    np.testing.assert_allclose(why[0], why[1], atol=1e-6)


def test_items_without_interactions_are_recommended() -> None:
    wider = DATA.with_items(["brand new"])
    vectors = np.vstack([VECTORS, VECTORS[3]])
    features = Features.dense([*DATA.items, "brand new"], vectors)
    model = Content(features).fit(wider)
    assert model.scores_cold_items
    assert model.similar_items("i0003", k=1).ids == ["brand new"]
    assert model.similar_items("i0003", k=1).scores[0] == pytest.approx(1)


def test_items_added_later_are_found_by_their_vectors() -> None:
    model = Content(FEATURES).fit(DATA)
    new = {"like i0004": VECTORS[4] * 7, "unlike": {0: 1.0}}
    found = model.similar_to(new, k=2, deny=["i0001"])
    assert found.for_("like i0004").ids[0] == "i0004"
    assert "i0001" not in found.ids
    ranked = model.recommend(history=["i0004"], item_features=new)
    assert ranked.ids[0] == "like i0004"
    assert ranked.scores[0] == pytest.approx(1)
    with pytest.raises(DataError, match=r"shape \(3,\) does not fit vectors of length 5"):
        model.similar_to({"x": VECTORS[0, :3]})
    with pytest.raises(DataError, match="finite"):
        model.similar_to({"x": np.full(D, np.nan)})
    with pytest.raises(DataError, match="a mapping id → vector"):
        model.similar_to([VECTORS[0]])


def test_an_item_without_a_vector_has_no_similar_items() -> None:
    model = Content(Features.dense(list(DATA.items)[1:], VECTORS[1:])).fit(DATA)
    assert not model.similar_items("i0000", k=20).scores.any()
    assert model.scores("u0003", "i0000")[0] == 0
    lonely = model.explain(history=["i0000"], item="i0002")
    assert lonely.contributions.tolist() == [0.0]


def test_vectors_come_with_the_model_or_with_the_interactions() -> None:
    tagged = DATA.with_item_features(Features.of({item: ["same"] for item in DATA.items}))
    own = Content(FEATURES).fit(tagged)
    brought = Content().fit(DATA.with_item_features(FEATURES))
    assert own.recommend("u0003").ids == brought.recommend("u0003").ids
    assert own.with_settings(threads=1).fit(DATA).recommend("u0003").ids == (
        own.recommend("u0003").ids
    )
    with pytest.raises(DataError, match=r"penchant\.Content\(vectors\), or"):
        Content().fit(DATA)
    with pytest.raises(DataError, match=r"got ndarray.*Features\.dense"):
        Content(VECTORS)
    with pytest.raises(SettingsError, match="confidence"):
        Content(FEATURES, confidence="large")


def test_norms_and_identities_of_features_do_not_matter() -> None:
    odd = FEATURES.with_identity().normalized("l1")
    plain, other = Content(FEATURES).fit(DATA), Content(odd).fit(DATA)
    np.testing.assert_allclose(
        plain.similar_items("i0001").scores, other.similar_items("i0001").scores, atol=1e-6
    )


def test_features_of_users_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="takes no features of users"):
        Content(FEATURES).fit(DATA).recommend(user_features=["tall"])


def test_it_is_measured_on_new_items() -> None:
    shapes = penchant.datasets.shapes(n_items=200, n_users=400)
    features = Features.of_tags(shapes.catalog)
    split = penchant.split.cold_items(shapes, seed=1)
    found = penchant.evaluate(Content(features).fit(split.train), split, metrics="auc")
    assert found["auc"] > 0.75


def test_its_settings_can_be_tuned() -> None:
    shapes = penchant.datasets.shapes(n_items=120, n_users=200)
    pytest.importorskip("optuna")
    tagged = shapes.with_item_features(Features.of_tags(shapes.catalog))
    split = penchant.split.leave_k_out(tagged, 2, min_interactions=6)
    space = {"confidence": ["binary", "linear"]}
    found = penchant.tune(Content, space, split, storage=None)
    assert len(found.trials) == 2
