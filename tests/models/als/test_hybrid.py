"""HybridALS: the effect of features, and equality with ALS without them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.models.contract import check_snapshots

import penchant
from penchant import ALS, Features, HybridALS, Interactions
from penchant.engines.local import LocalEngine
from penchant.engines.reference import ReferenceEngine
from penchant.errors import DataError, SettingsError, UnsupportedError

KINDS = 3


def data_with_kinds(n_users=90, n_items=45, seed=0) -> Interactions:
    """Every user likes one kind of item; the features of items and users are these kinds."""
    rng = np.random.default_rng(seed)
    user, item = np.arange(n_users) % KINDS, np.arange(n_items) % KINDS
    chance = np.where(user[:, None] == item, 0.5, 0.03)
    matrix = (rng.random((n_users, n_items)) < chance).astype(np.float32)
    data = Interactions.from_scipy(matrix, user_ids=[f"u{n}" for n in range(n_users)])
    items = Features.of({n: [f"kind {n % KINDS}"] for n in range(n_items)})
    users = Features.of({f"u{n}": [f"likes {n % KINDS}"] for n in range(n_users)}, kind="user")
    return data.with_item_features(items).with_user_features(users)


def model(**settings) -> HybridALS:
    usual = {"factors": 5, "iterations": 6, "alpha": 8.0, "regularization": 2.0, "threads": 2}
    return HybridALS(**usual | settings)


def without(data: Interactions, *, users=False, items=False) -> Interactions:
    data = data.with_user_features(None) if users else data
    return data.with_item_features(None) if items else data


def test_without_features_it_is_als_bit_for_bit() -> None:
    data = random_interactions(30, 20)
    hybrid, plain = HybridALS(factors=6).fit(data), ALS(factors=6).fit(data)
    np.testing.assert_array_equal(hybrid.user_factors, plain.user_factors)
    np.testing.assert_array_equal(hybrid.item_factors, plain.item_factors)
    assert not hybrid.scores_cold_items


@pytest.mark.parametrize("solver", ["exact", "cg"])
@pytest.mark.parametrize(("users", "items"), [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize("shape", [(90, 45), (45, 90)])  # the smaller side is solved first
def test_a_snapshot_is_of_a_training_that_ends_there(solver, users, items, shape) -> None:
    data = without(data_with_kinds(*shape), users=users, items=items)
    check_snapshots(lambda: model(solver=solver, iterations=3), data)


@pytest.mark.parametrize("engine", [None, ReferenceEngine()])
@pytest.mark.parametrize("scaling", [0.0, 1.0])
def test_every_epoch_lowers_the_objective(engine, scaling) -> None:
    hybrid = model(solver="exact", dtype="float64", regularization_scaling=scaling)
    hybrid.fit(data_with_kinds(), engine=engine, track_loss=True)
    losses = [epoch.loss for epoch in hybrid.epochs]
    assert len(losses) == 6
    assert all(later <= before * (1 + 1e-9) for before, later in zip(losses, losses[1:]))  # noqa: B905, RUF007


def test_the_engine_equals_the_reference() -> None:
    data = data_with_kinds()
    fast = model(solver="exact", dtype="float64").fit(data)
    slow = model(solver="exact", dtype="float64").fit(data, engine=ReferenceEngine())
    np.testing.assert_allclose(
        fast.user_factors @ fast.item_factors.T, slow.user_factors @ slow.item_factors.T, atol=1e-6
    )


def test_the_result_does_not_depend_on_threads() -> None:
    single, several = (model(threads=n).fit(data_with_kinds()) for n in (1, 3))
    np.testing.assert_array_equal(single.item_factors, several.item_factors)
    np.testing.assert_array_equal(single.user_factors, several.user_factors)


# --- cold items and users ---------------------------------------------------------------


def test_cold_items_are_found_by_their_features() -> None:
    split = penchant.split.cold_items(data_with_kinds(), 0.3)
    result = penchant.evaluate(model().fit(split.train), split, metrics="auc")
    assert result.intervals["auc"][0] > 0.8
    blind = model().fit(without(split.train, items=True))
    assert not blind.scores_cold_items


def test_cold_users_are_scored_by_their_features() -> None:
    split = penchant.split.cold_users(data_with_kinds(), 0.3)
    result = penchant.evaluate(model().fit(split.train), split, metrics="auc")
    assert result.intervals["auc"][0] > 0.7


def test_a_new_item_departs_from_its_features_as_its_audience_grows() -> None:
    data = data_with_kinds()
    hybrid = model(regularization=20.0).fit(data)
    likers = [f"u{n}" for n in range(1, 90, KINDS)]  # all of another kind than the item's features
    audiences = [likers[:n] for n in (0, 1, 3, 10, 30)]
    vectors = hybrid.fold_in_items(audiences, features=[["kind 0"]] * len(audiences))
    alone = hybrid.fold_in_items([likers])
    away = np.linalg.norm(vectors - alone, axis=1)
    assert (np.diff(away) < 0).all()
    predicted = hybrid.fold_in_items([[]], features=[{"kind 0": 1.0}])
    np.testing.assert_array_equal(predicted[0], vectors[0])


def test_a_cold_item_has_the_vector_that_its_features_give() -> None:
    split = penchant.split.cold_items(data_with_kinds(), 0.2)
    hybrid = model().fit(split.train)
    cold = int(split.candidates[0])
    wanted = hybrid.fold_in_items([[]], features=[[f"kind {cold % KINDS}"]])[0]
    np.testing.assert_allclose(hybrid.item_factors[cold], wanted, rtol=1e-5)
    assert hybrid.similar_items(cold, k=3).ids


def test_a_newly_added_item_is_recommended() -> None:
    data = data_with_kinds()
    known = {item: data.item_features.row(item) for item in data.items}
    features = Features.of({**known, 900: ["kind 1"], 901: ["kind 2"]})
    more = data.with_items([900, 901]).with_item_features(features)
    for hybrid in (model().fit(more), model().fit(data).partial_fit(more)):
        fitting = hybrid.recommend("u4", k=10).ids  # likes kind 1
        assert 900 in fitting
        assert 901 not in fitting


def test_unknown_items_are_ranked_by_their_features() -> None:
    hybrid = model().fit(data_with_kinds())
    new = {"z0": ["kind 0"], "z1": {"kind 1": 1.0}, "z2": ["kind 2"]}
    answer = hybrid.recommend(["u0", "u4", "u8"], k=1, item_features=new)
    assert answer.ids == ["z0", "z1", "z2"]
    answer = hybrid.recommend("u4", k=2, item_features=new, deny=["z1"], scale=True)
    assert "z1" not in answer.ids
    assert answer.scores.tolist() == [1, 0]


def test_unknown_users_get_recommendations_by_their_features() -> None:
    hybrid = model().fit(data_with_kinds())
    answer = hybrid.recommend(k=5, user_features=[["likes 0"], ["likes 2"]])
    kinds = np.array(answer.ids).reshape(2, 5) % KINDS
    assert (kinds == [[0], [2]]).mean() >= 0.8
    both = hybrid.recommend(k=5, user_features=["likes 1"], history=[1, 4])
    assert not {1, 4} & set(both.ids)
    alone = hybrid.fold_in_users([[1, 4]], features=[["likes 1"]])
    np.testing.assert_allclose(
        both.scores, np.sort((alone @ hybrid.item_factors.T)[0][both.ids])[::-1], rtol=1e-5
    )


def test_partial_fit_keeps_the_features_of_the_last_fit() -> None:
    data = data_with_kinds()
    hybrid = model().fit(data).partial_fit(without(data, items=True, users=True))
    assert hybrid.scores_cold_items
    assert hybrid.interactions.user_features is data.user_features


def test_unknown_features_are_ignored(caplog) -> None:
    hybrid = model().fit(data_with_kinds())
    mixed, known = hybrid.fold_in_items([[], []], features=[["kind 1", "new"], ["kind 1"]])
    np.testing.assert_array_equal(mixed, known)
    assert "1 unknown features are ignored: 'new'" in caplog.text


# --- Ctrl-C -------------------------------------------------------------------------------


class Interrupted(LocalEngine):
    """Raise KeyboardInterrupt at the end of a half step, when its factors are rotated."""

    def __init__(self, at: int) -> None:
        super().__init__(2)
        self.left = at

    def half_step(self, **arguments):
        rotation = super().half_step(**arguments)
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return rotation


def test_an_interruption_in_the_first_epoch_leaves_the_model_unchanged() -> None:
    data = data_with_kinds()
    hybrid = model().fit(data)
    kept = hybrid.item_factors.copy(), hybrid.fold_in_items([[]], features=[["kind 1"]])
    with pytest.raises(KeyboardInterrupt):
        hybrid.fit(without(data, items=True), engine=Interrupted(2))
    np.testing.assert_array_equal(hybrid.item_factors, kept[0])
    np.testing.assert_array_equal(hybrid.fold_in_items([[]], features=[["kind 1"]]), kept[1])


@pytest.mark.parametrize("at", [9, 10])
def test_a_model_interrupted_later_can_be_used(at) -> None:
    split = penchant.split.cold_items(data_with_kinds(), 0.3)
    whole, hybrid = model(iterations=5).fit(split.train), model()
    with pytest.raises(KeyboardInterrupt):
        hybrid.fit(split.train, engine=Interrupted(at))
    assert len(hybrid.epochs) == 4
    scores, wanted = (m.user_factors @ m.item_factors.T for m in (hybrid, whole))
    assert np.corrcoef(scores.ravel(), wanted.ravel())[0, 1] > 0.98
    cold = split.candidates
    assert np.corrcoef(scores[:, cold].ravel(), wanted[:, cold].ravel())[0, 1] > 0.98


# --- people -----------------------------------------------------------------------------


def test_a_known_history_with_its_features_gives_the_known_vector() -> None:
    data = data_with_kinds()
    hybrid = model().fit(data)
    history, likes = data.history("u4"), [f"likes {4 % KINDS}"]
    folded = hybrid.fold_in_users([history], features=[likes])[0]
    np.testing.assert_allclose(folded, hybrid.user_factors[data.users.code("u4")], atol=1e-4)
    without_features = hybrid.fold_in_users([history])[0]
    assert np.abs(without_features - folded).max() > 1e-3


def test_other_interactions_bring_their_features() -> None:
    data = data_with_kinds()
    hybrid = model().fit(data)
    others = data.take_users(np.array([4, 7]))
    assert others.user_features is not None
    more = Features.of({"u4": ["likes 1", "new"], "u7": ["likes 1"]}, kind="user")
    for features in (others.user_features, more):
        scorer = hybrid.scorer(others.with_user_features(features))
        own = hybrid.scorer(data).take(np.array([4, 7]))
        assert scorer.top_k(5).indices.tolist() == own.top_k(5).indices.tolist()


def test_scores_are_explained_where_histories_explain_them() -> None:
    hybrid = model().fit(without(data_with_kinds(), users=True))
    explanation = hybrid.explain("u4", 7)
    np.testing.assert_allclose(explanation.score, hybrid.scores("u4", 7)[0], rtol=1e-3)
    with pytest.raises(UnsupportedError, match="features of users"):
        model().fit(data_with_kinds()).explain("u4", 7)


# --- files, arguments ---------------------------------------------------------------------


def test_a_saved_and_loaded_model_is_the_same(tmp_path) -> None:
    split = penchant.split.cold_items(data_with_kinds(), 0.2)
    hybrid = model().fit(split.train)
    loaded = penchant.load(hybrid.save(tmp_path / "hybrid.penchant"))
    assert isinstance(loaded, HybridALS)
    assert loaded.scores_cold_items
    np.testing.assert_array_equal(loaded.item_factors, hybrid.item_factors)
    np.testing.assert_array_equal(loaded.user_factors, hybrid.user_factors)
    new = {"audiences": [["u1"]], "features": [["kind 2"]]}
    np.testing.assert_array_equal(loaded.fold_in_items(**new), hybrid.fold_in_items(**new))
    loaded.partial_fit()
    assert len(loaded.epochs) == 7


def test_arguments_out_of_range() -> None:
    with pytest.raises(SettingsError, match="feature_regularization must be"):
        HybridALS(feature_regularization=0)
    hybrid = model().fit(data_with_kinds())
    with pytest.raises(DataError, match="features of 2 for 1"):
        hybrid.fold_in_items([["u1"]], features=[["kind 1"], ["kind 2"]])
    with pytest.raises(DataError, match="features of 1 people for 2"):
        hybrid.recommend(user_features=["likes 1"], history=[[1], [2]])
    with pytest.raises(SettingsError, match="name no users"):
        hybrid.recommend("u1", user_features=["likes 1"])
    for wrong in ({"user_features": "likes 1"}, {"users": "u1", "item_features": ["kind 1"]}):
        with pytest.raises(DataError, match="_features are a"):
            hybrid.recommend(**wrong)
    blind = model().fit(without(data_with_kinds(), items=True, users=True))
    with pytest.raises(UnsupportedError, match="without features of items"):
        blind.recommend("u1", item_features={"z": ["kind 1"]})
    with pytest.raises(SettingsError, match="bring their own"):
        hybrid.fold_in_users(data_with_kinds(), features=[])
