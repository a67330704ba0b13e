"""Blend: the contract, the choice of parts for each query, and reuse of fitted parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.models.blend.models import FUSIONS, parts
from tests.models.contract import ModelContract, data

import penchant
from penchant import ALS, Blend, Popularity
from penchant.errors import (
    EmptyDataError,
    NotFittedError,
    SettingsError,
    UnknownIdError,
)


class TestBlend(ModelContract):
    def test_explanations_add_up_to_the_score_or_say_why_not(self, model) -> None:
        self.explains = model.fusion == "top-mean"
        super().test_explanations_add_up_to_the_score_or_say_why_not(model)

    @pytest.fixture(params=FUSIONS)
    def make(self, request):
        return lambda: Blend(parts(), weights={"als": 2, "near": 1}, fusion=request.param)

    def test_unknown_ids_name_close_matches(self, model) -> None:
        """Unknown users get answers; ids of another type and unknown items are refused."""
        assert model.recommend("u00011", k=2).sources == ["pop"]
        for query in (
            lambda: model.recommend(-1),
            lambda: model.recommend(b"u0001"),
            lambda: model.scores("u00011", "i0001"),
            lambda: model.recommend(history=["i0001", "i00021"]),
            lambda: model.similar_items("nothing"),
        ):
            with pytest.raises(UnknownIdError):
                query()


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


# --- the choice of parts -----------------------------------------------------------------


def test_the_first_part_that_can_score_answers() -> None:
    blend = Blend(parts(), weights={"als": 1}, chain=("als", "pop")).fit(data())
    answer = blend.recommend(["u0001", "u0000", "unknown"], k=3)
    assert answer.sources == ["als", "pop", "pop"]
    popular = Popularity().fit(data()).recommend("u0000", k=3)
    assert list(answer.for_("unknown").ids) == list(popular.ids)
    assert answer.for_("u0000").sources == ["pop"]
    assert blend.recommend(history=[[], ["i0003"]], k=2).sources == ["pop", "als"]


def test_an_unknown_user_is_an_error_if_no_part_scores_users_without_a_history() -> None:
    personal = {name: part for name, part in parts().items() if name != "pop"}
    blend = Blend(personal).fit(data())
    with pytest.raises(UnknownIdError, match=r"'stranger'.*history=\[…\], or add penchant.Popul"):
        blend.recommend(["u0001", "stranger"], k=3)
    with pytest.raises(UnknownIdError, match="'stranger'"):
        Blend(parts(), chain=["near", "als"]).fit(data()).recommend("stranger")
    nested = Blend({"inner": Blend(parts())}).fit(data())
    popular = Popularity().fit(data()).recommend("u0000", k=3)
    assert nested.recommend("stranger", k=3).ids == popular.ids


def test_the_source_is_printed_and_in_frames() -> None:
    blend = Blend(parts(), weights={"als": 1, "near": 1}).fit(data())
    answer = blend.recommend(["u0001", "u0000"], k=2)
    assert "for user u0001, by als + near\n" in repr(answer)
    assert answer.to_pandas()["source"].tolist() == ["als + near"] * 2 + ["pop"] * 2
    assert "by pop" in answer._repr_html_()
    alone = ALS(factors=2).fit(data()).recommend("u0001", k=2)
    assert alone.sources is None
    assert "source" not in alone.to_pandas()


def test_weighted_parts_that_can_score_are_mixed_with_the_first() -> None:
    weights = {"als": 1, "pop": 0.5}
    blend = Blend(parts(), weights=weights, chain=("als", "near", "pop")).fit(data())
    assert blend.recommend(["u0001", "u0000"], k=1).sources == ["als + pop", "pop"]


def test_the_last_of_the_chain_answers_in_any_case() -> None:
    blend = Blend(parts(), chain=["near", "als"]).fit(data())
    answer = blend.recommend(history=[], k=3)
    assert (answer.sources, len(answer)) == (["als"], 3)


def test_answers_for_all_users_in_a_file(tmp_path: Path) -> None:
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
def test_invalid_settings_are_refused(how, told) -> None:
    with pytest.raises(SettingsError, match=told):
        Blend(**{"models": parts(), **how})


def test_a_failed_fit_leaves_the_blend_unchanged() -> None:
    blend = Blend(parts()).fit(data())
    with pytest.raises(EmptyDataError):
        blend.fit(data().select(np.zeros(data().nnz, dtype=bool)))
    assert blend.recommend("u0001", k=1).sources == ["als + near"]


def test_the_default_parts() -> None:
    assert list(Blend().parts) == ["als", "item-neighbors", "popularity"]
