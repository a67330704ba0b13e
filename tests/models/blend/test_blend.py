"""Blend: what mixing does to scores, who answers whom, and that nothing is learned twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.models.contract import ModelContract, data

import penchant
from penchant import ALS, Blend, HybridALS, ItemNeighbors, Popularity
from penchant.data.csr import Csr
from penchant.errors import (
    CorruptArtifactError,
    EmptyDataError,
    NotFittedError,
    SettingsError,
    UnknownIdError,
    UnsupportedError,
)
from penchant.models._scoring.scorers import BlockScorer
from penchant.models.blend.fusion import SCALES, Fusion, mixed

FUSIONS: list[Fusion] = ["z-score", "min-max", "rank"]


def parts() -> dict[str, penchant.models.Model]:
    return {
        "als": ALS(factors=6, iterations=4, alpha=4.0),
        "near": ItemNeighbors(neighbors=10),
        "pop": Popularity(),
    }


class TestBlend(ModelContract):
    explains = False

    @pytest.fixture(params=FUSIONS)
    def make(self, request):
        return lambda: Blend(parts(), weights={"als": 2, "near": 1}, fusion=request.param)

    def test_unknown_ids_name_close_matches(self, model) -> None:
        """Users who are not known are answered; ids of another type and items are refused."""
        assert model.recommend("u00011", k=2).sources == ["pop"]
        for ask in (
            lambda: model.recommend(-1),
            lambda: model.recommend(b"u0001"),
            lambda: model.scores("u00011", "i0001"),
            lambda: model.recommend(history=["i0001", "i00021"]),
            lambda: model.similar_items("nothing"),
        ):
            with pytest.raises(UnknownIdError):
                ask()


# --- mixing ---------------------------------------------------------------------------


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("name", ["als", "near", "pop"])
def test_a_part_with_all_the_weight_answers_as_it_does_alone(fusion, name) -> None:
    whole = dict.fromkeys(parts(), 0) | {name: 3}
    blend = Blend(parts(), weights=whole, chain=[name], fusion=fusion).fit(data())
    alone = parts()[name].fit(data())
    users = [f"u{number:04d}" for number in range(1, 12)]
    found, expected = blend.recommend(users, k=7), alone.recommend(users, k=7)
    assert found.ids == expected.ids
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert set(found.sources) == {name}


def scorer(scores: np.ndarray) -> BlockScorer:
    return BlockScorer(*scores.shape, lambda span: scores[span])


def nothing_seen(n_items: int) -> Csr:
    """One person who has nothing."""
    return Csr(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), n_items)


SCORES = st.lists(st.integers(-50, 50), min_size=6, max_size=6)


@given(SCORES, SCORES, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-3, 3))
def test_the_scale_of_a_parts_scores_does_not_matter(one, other, factor, shift) -> None:
    left, right = (np.array([row], np.float32) for row in (one, other))
    seen = nothing_seen(6)
    for fusion in FUSIONS:
        plain = mixed([(1, scorer(left)), (2, scorer(right))], seen, fusion, threads=1)
        moved = left * np.float32(factor) + np.float32(shift)
        other_scale = mixed([(1, scorer(moved)), (2, scorer(right))], seen, fusion, threads=1)
        np.testing.assert_allclose(plain.dense(slice(0, 1)), other_scale.dense(slice(0, 1)), 1e-5,
                                   1e-6)  # fmt: skip


@given(SCORES, SCORES)
def test_fused_ranks_look_at_the_order_alone(one, other) -> None:
    left, right = (np.array([row], np.float32) for row in (one, other))
    seen = nothing_seen(6)
    bent = np.exp(left / 25).astype(np.float32)
    found = [
        mixed([(1, scorer(scores)), (1, scorer(right))], seen, "rank", threads=1).top_k(6)
        for scores in (left, bent)
    ]
    np.testing.assert_array_equal(found[0].indices, found[1].indices)
    np.testing.assert_array_equal(found[0].scores, found[1].scores)


def test_reciprocal_ranks_are_those_of_the_paper() -> None:
    left, right = np.array([[9, 5, 1]], np.float32), np.array([[2, 8, 4]], np.float32)
    found = mixed([(1, scorer(left)), (1, scorer(right))], nothing_seen(3), "rank", threads=1)
    first, second, third = 1 / 61, 1 / 62, 1 / 63
    wanted = np.array([[first + third, second + first, third + second]]) / 2
    np.testing.assert_allclose(found.dense(slice(0, 1)), wanted, rtol=1e-6)


def test_scores_are_scaled_by_what_a_person_does_not_have_yet() -> None:
    scores = np.array([[100.0, 3.0, 1.0, 2.0]])
    counted = np.array([[False, True, True, True]])
    np.testing.assert_allclose(SCALES["min-max"](scores, counted), [[49.5, 1, 0, 0.5]])
    z = SCALES["z-score"](scores, counted)[0]
    np.testing.assert_allclose((z[1:].mean(), z[1:].std()), (0, 1), atol=1e-12)
    np.testing.assert_allclose(
        1 / SCALES["rank"](scores, counted), [[61, 61, 63, 62]]
    )  # the first of all ties with the first of the new


def test_what_a_part_does_not_rate_and_what_nobody_rates() -> None:
    left = np.array([[1, 2, np.nan, np.nan]], np.float32)
    right = np.array([[3, 1, 2, -np.inf]], np.float32)
    for fusion in FUSIONS:
        found = mixed([(1, scorer(left)), (1, scorer(right))], nothing_seen(4), fusion, threads=1)
        top = found.top_k(4)
        assert set(top.indices.tolist()) == {0, 1, 2}
        alone = SCALES[fusion](np.array([[3.0, 1, 2, 0]]), np.array([[True, True, True, False]]))
        assert found.dense(slice(0, 1))[0, 2] == pytest.approx(alone[0, 2] / 2, abs=1e-7)


def test_scores_that_are_all_alike_say_nothing() -> None:
    flat, other = np.full((1, 7), 0.1, np.float32), np.arange(7, dtype=np.float32)[np.newaxis]
    for fusion in FUSIONS:
        found = mixed([(5, scorer(flat)), (1, scorer(other))], nothing_seen(7), fusion, threads=1)
        assert found.top_k(7).indices.tolist() == [6, 5, 4, 3, 2, 1, 0]


def test_it_is_measured_as_it_recommends() -> None:
    split = penchant.split.leave_k_out(random_interactions(60, 50, density=0.3), 3)
    blend = Blend(parts(), weights=(1, 1, 0.2)).fit(split.train)
    measured = penchant.evaluate(blend, split, metrics=["precision", "auc", "mse"], bootstrap=0)
    hits = 0
    for user in split.test.users:
        mine = set(split.test.history(user))
        hits += len(mine & set(blend.recommend(user, k=10).ids))
    assert measured["precision@10"] == pytest.approx(hits / measured.n_users / 10)
    again = penchant.evaluate(blend, split, metrics=["precision", "auc"], bootstrap=0, threads=1)
    assert again["auc"] == measured["auc"]


# --- who answers ----------------------------------------------------------------------


def test_each_request_is_answered_by_the_first_who_can() -> None:
    blend = Blend(parts(), weights={"als": 1}, chain=("als", "pop")).fit(data())
    answer = blend.recommend(["u0001", "u0000", "nobody"], k=3)
    assert answer.sources == ["als", "pop", "pop"]
    popular = Popularity().fit(data()).recommend("u0000", k=3)
    assert list(answer.for_("nobody").ids) == list(popular.ids)
    assert answer.for_("u0000").sources == ["pop"]
    assert blend.recommend(history=[[], ["i0003"]], k=2).sources == ["pop", "als"]


def test_who_answered_is_printed_and_in_frames() -> None:
    blend = Blend(parts(), weights={"als": 1, "near": 1}).fit(data())
    answer = blend.recommend(["u0001", "u0000"], k=2)
    assert "for user u0001, by als + near\n" in repr(answer)
    assert answer.to_pandas()["source"].tolist() == ["als + near"] * 2 + ["pop"] * 2
    assert "by pop" in answer._repr_html_()
    alone = ALS(factors=2).fit(data()).recommend("u0001", k=2)
    assert alone.sources is None
    assert "source" not in alone.to_pandas()


def test_weighted_parts_that_can_tell_join_the_one_that_leads() -> None:
    weights = {"als": 1, "pop": 0.5}
    blend = Blend(parts(), weights=weights, chain=("als", "near", "pop")).fit(data())
    assert blend.recommend(["u0001", "u0000"], k=1).sources == ["als + pop", "pop"]


def test_the_last_of_the_chain_answers_in_any_case() -> None:
    blend = Blend(parts(), chain=["near", "als"]).fit(data())
    answer = blend.recommend(history=[], k=3)
    assert (answer.sources, len(answer)) == (["als"], 3)


def test_features_speak_for_who_has_no_history_and_for_items_nobody_met() -> None:
    tags = penchant.Features.of({f"i{n:04d}": ["odd" if n % 2 else "even"] for n in range(30)})
    told = data().with_item_features(tags)
    models = {"als": ALS(factors=4), "hybrid": HybridALS(factors=4), "pop": Popularity()}
    blend = Blend(models, weights={"als": 1}, chain=tuple(models)).fit(told)
    assert blend.similar_items("i0003", k=1).sources == ["als"]
    assert blend.similar_items("i0000", k=1).sources == ["hybrid"]
    assert blend.recommend(history=["i0000"], k=1).sources == ["hybrid"]
    assert not blend.scores_cold_items
    assert Blend(models, weights={"hybrid": 1}).fit(told).scores_cold_items


# --- people and items that are new -------------------------------------------------------


def described() -> penchant.Interactions:
    """People by where they live, items by whether their number is odd."""
    told = data()
    towns = {user: ["north" if n % 3 else "south"] for n, user in enumerate(told.users)}
    kinds = {item: ["odd" if n % 2 else "even"] for n, item in enumerate(told.items)}
    return told.with_user_features(
        penchant.Features.of(towns, kind="user")
    ).with_item_features(penchant.Features.of(kinds))  # fmt: skip


@pytest.mark.parametrize(
    ("who", "items"),
    [
        ({"users": ["u0001", "u0004"]}, {"new": ["odd"], "newer": ["even"]}),
        ({"user_features": [["north"], ["south"]]}, None),
        ({"user_features": [["north"], ["south"]]}, {"new": ["odd"], "newer": ["even"]}),
        ({"user_features": {"south": 2.0}, "history": ["i0003"]}, None),
    ],
)
@pytest.mark.parametrize("part", [HybridALS(factors=4), penchant.Ranking(factors=4, iterations=3)])
def test_a_single_part_answers_of_newcomers_as_it_does_alone(part, who, items) -> None:
    told = described()
    blend = Blend({"one": part, "pop": Popularity()}, weights={"one": 1}).fit(told)
    answer = blend.recommend(**who, k=2, item_features=items)
    alone = blend.parts["one"].recommend(**who, k=2, item_features=items)
    assert answer.ids == alone.ids
    np.testing.assert_allclose(answer.scores, alone.scores, rtol=1e-5)
    assert set(answer.sources) == {"one"}
    assert answer.query_kind == alone.query_kind


def test_new_items_are_ranked_by_the_parts_that_know_them_by_their_features() -> None:
    models = {"als": ALS(factors=4), "hybrid": HybridALS(factors=4), "like": penchant.Content()}
    blend = Blend({**models, "pop": Popularity()}).fit(described())
    new = {"new": ["odd"], "newer": ["even"]}
    answer = blend.recommend(["u0001", "nobody"], item_features=new, exclude_seen=False)
    assert answer.sources == ["hybrid + like", "like"]
    assert sorted(answer.ids) == ["new", "new", "newer", "newer"]
    halves = [blend.parts[one].recommend("u0001", item_features=new) for one in ("hybrid", "like")]
    if halves[0].ids == halves[1].ids:
        assert answer.ids[:2] == halves[0].ids


def test_features_of_new_people_decide_who_answers() -> None:
    blend = Blend({"hybrid": HybridALS(factors=4), "pop": Popularity()}).fit(described())
    answer = blend.recommend(user_features=[["north"], ["the moon"], []], k=2)
    assert answer.sources == ["hybrid", "pop", "pop"]
    nested = Blend(
        {"inner": blend, "near": ItemNeighbors()}, weights={"near": 1}, chain=["near", "inner"]
    )
    answer = nested.fit(described()).recommend(
        user_features=[["north"], []], history=[["i0001"], []], k=1
    )
    assert answer.sources == ["near", "inner"]


def test_other_interactions_bring_features_of_people_without_a_past() -> None:
    blend = Blend({"hybrid": HybridALS(factors=4), "pop": Popularity()}).fit(described())
    unmet = described().take_users(np.array([0]))  # who took to nothing
    assert unmet.nnz == 0
    assert blend.scorer(unmet).sources == ["hybrid"]
    other = penchant.Features.of({"u0000": ["the moon"]}, kind="user")
    assert blend.scorer(unmet.with_user_features(other)).sources == ["pop"]
    assert blend.scorer(unmet.with_user_features(None)).sources == ["pop"]


def test_features_given_once_serve_all_parts() -> None:
    models = {"one": HybridALS(factors=4), "other": HybridALS(factors=4)}
    blend = Blend(models).fit(described())
    listed = blend.recommend(user_features=["north"], item_features={"new": ["odd"]})
    drawn = blend.recommend(user_features=iter(["north"]), item_features={"new": iter(["odd"])})
    np.testing.assert_array_equal(drawn.scores, listed.scores)


def test_features_that_no_part_goes_by_are_refused() -> None:
    plain = Blend(parts()).fit(described())
    content = Blend({"like": penchant.Content(), "pop": Popularity()}).fit(described())
    for ask, told in (
        (lambda: plain.recommend(user_features=["north"]), "features of users"),
        (lambda: content.recommend(user_features=["north"]), "features of users"),
        (lambda: plain.recommend("u0001", item_features={"new": ["odd"]}), "features of items"),
        (
            lambda: (
                content.with_settings(chain=["pop"])
                .fit(described())
                .recommend("u0001", item_features={"new": ["odd"]})
            ),
            "in the chain",
        ),
    ):
        with pytest.raises(UnsupportedError, match=told):
            ask()


def test_everybody_in_a_file(tmp_path: Path) -> None:
    import duckdb

    blend = Blend(parts(), weights={"als": 1}).fit(data())
    path = blend.recommend_all(2, to=tmp_path / "all.parquet", batch=7)
    rows = duckdb.sql(f"SELECT DISTINCT \"user\", source FROM '{path}'").fetchall()
    assert ("u0000", "pop") in rows
    assert ("u0001", "als") in rows


# --- parts -------------------------------------------------------------------------------


def test_fitted_parts_are_used_as_they_are() -> None:
    told = data()
    models = {name: model.fit(told) for name, model in parts().items()}
    blend = Blend(models, weights=(1, 0, 0))
    assert blend.recommend("u0001", k=3).ids == models["als"].recommend("u0001", k=3).ids
    assert blend.fit(told).parts["als"] is models["als"]
    other = Blend(models).fit(data(seed=4))
    assert other.parts["als"] is not models["als"]
    assert models["als"].interactions is told


def test_parts_of_several_data_sets_have_to_be_fitted_together() -> None:
    models = {"als": ALS(factors=2).fit(data()), "pop": Popularity().fit(data(seed=4))}
    with pytest.raises(NotFittedError):
        Blend(models).recommend("u0001")
    assert Blend(models).fit(data()).recommend("u0001", k=1)


def test_blends_of_blends_are_saved_too(tmp_path: Path) -> None:
    inner = Blend({"als": ALS(factors=3, regularization=(0.1, 0.2)), "near": ItemNeighbors()})
    blend = Blend({"both": inner, "pop": Popularity()}, weights={"both": 1, "pop": 0.1})
    blend.fit(data())
    back = penchant.load(blend.save(tmp_path / "x.penchant"))
    answer, expected = (one.recommend(["u0001", "new"], k=4) for one in (back, blend))
    assert (answer.ids, answer.sources) == (expected.ids, ["both + pop", "pop"])
    assert back.settings == blend.settings


def test_a_file_that_lacks_a_part(tmp_path: Path) -> None:
    from penchant._files import artifact

    bundle = artifact.read(Blend(parts()).fit(data()).save(tmp_path / "x.penchant"))
    arrays = {name: one for name, one in bundle.arrays.items() if not name.startswith("near/")}
    artifact.write(artifact.Bundle(**{**vars(bundle), "arrays": arrays}), tmp_path / "y.penchant")
    with pytest.raises(CorruptArtifactError):
        penchant.load(tmp_path / "y.penchant")


def test_a_search_of_weights_fits_each_part_once(monkeypatch) -> None:
    fits: list[str] = []
    fit = ALS.fit

    def counted(self, *words, **how):
        fits.append("als")
        return fit(self, *words, **how)

    monkeypatch.setattr(ALS, "fit", counted)
    split = penchant.split.leave_k_out(random_interactions(60, 50, density=0.3), 3)
    space = {"models": parts(), "weights": [(1, 0, 0), (0, 1, 0), (2, 1, 0), (1, 1, 1)]}
    found = penchant.tune(Blend, space, split, storage=None, epochs=1)
    assert len(found.trials) == 4
    assert fits == ["als"]
    for trial in found.trials:
        blend = Blend(parts(), weights=trial.settings["weights"]).fit(split.train)
        measured = penchant.evaluate(blend, split, bootstrap=0)
        assert trial.value == pytest.approx(measured["ndcg@10"])
    assert found.refit(split.train).settings["weights"] == found.best.settings["weights"]


def test_grids_of_weights() -> None:
    assert Blend.weightings(2, 2) == [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    three = Blend.weightings(3, 4)
    assert len(three) == len(set(three)) == 15
    assert all(sum(one) == 1 for one in three)


# --- what is refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"models": {}}, "models must name models"),
        ({"models": [ALS()]}, "models must name models"),
        ({"models": {"a/b": ALS()}}, "without a slash"),
        ({"models": {"als": 3}}, r"models\['als'\] must be a model"),
        ({"models": {"als": {"kind": "alz", "settings": {}}}}, "unknown model 'alz'"),
        ({"weights": {"alz": 1}}, "weights names 'alz'; the models are: als, near, pop"),
        ({"weights": (1, 2)}, "2 weights for 3 models"),
        ({"weights": {"als": -1}}, r"weights\['als'\] must be a finite number of 0 or more"),
        ({"weights": {"als": 0}}, "must be above 0"),
        ({"weights": 3}, "must be a mapping"),
        ({"chain": ("als", "content")}, "chain names 'content'"),
        ({"chain": ("als", "als")}, "twice"),
        ({"chain": ()}, "chain must list"),
        ({"chain": "als"}, "chain must list"),
        ({"fusion": "borda"}, "fusion must be one of"),
    ],
)
def test_settings_that_make_no_sense(how, told) -> None:
    with pytest.raises(SettingsError, match=told):
        Blend(**{"models": parts(), **how})


def test_nothing_is_kept_of_a_fit_that_failed() -> None:
    blend = Blend(parts()).fit(data())
    with pytest.raises(EmptyDataError):
        blend.fit(data().select(np.zeros(data().nnz, dtype=bool)))
    assert blend.recommend("u0001", k=1).sources == ["als + near"]


def test_without_models_it_is_the_usual_three() -> None:
    assert list(Blend().parts) == ["als", "item-neighbors", "popularity"]
