"""Blends of models that take features, for users and items without interactions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.blend.models import described, parts
from tests.models.contract import data

import penchant
from penchant import ALS, Blend, HybridALS, ItemNeighbors, Popularity
from penchant.errors import UnsupportedError


def test_features_stand_in_for_missing_histories_and_interactions() -> None:
    tags = penchant.Features.of({f"i{n:04d}": ["odd" if n % 2 else "even"] for n in range(30)})
    interactions = data().with_item_features(tags)
    models = {"als": ALS(factors=4), "hybrid": HybridALS(factors=4), "pop": Popularity()}
    blend = Blend(models, weights={"als": 1}, chain=tuple(models)).fit(interactions)
    assert blend.similar_items("i0003", k=1).sources == ["als"]
    assert blend.similar_items("i0000", k=1).sources == ["hybrid"]
    assert blend.recommend(history=["i0000"], k=1).sources == ["hybrid"]
    assert not blend.scores_cold_items
    assert Blend(models, weights={"hybrid": 1}).fit(interactions).scores_cold_items


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
def test_a_single_part_answers_for_new_users_and_items_as_it_does_alone(part, who, items) -> None:
    interactions = described()
    blend = Blend({"one": part, "pop": Popularity()}, weights={"one": 1}).fit(interactions)
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
    answer = blend.recommend(["u0001", "unknown"], item_features=new, exclude_seen=False)
    assert answer.sources == ["hybrid + like", "like"]
    assert sorted(answer.ids) == ["new", "new", "newer", "newer"]
    halves = [blend.parts[one].recommend("u0001", item_features=new) for one in ("hybrid", "like")]
    if halves[0].ids == halves[1].ids:
        assert answer.ids[:2] == halves[0].ids


def test_features_of_new_users_decide_which_part_answers() -> None:
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


def test_other_interactions_bring_features_of_users_without_a_history() -> None:
    blend = Blend({"hybrid": HybridALS(factors=4), "pop": Popularity()}).fit(described())
    unmet = described().take_users(np.array([0]))  # who took to nothing
    assert unmet.nnz == 0
    assert blend.scorer(unmet).sources == ["hybrid"]
    other = penchant.Features.of({"u0000": ["the moon"]}, kind="user")
    assert blend.scorer(unmet.with_user_features(other)).sources == ["pop"]
    assert blend.scorer(unmet.with_user_features(None)).sources == ["pop"]


def test_iterators_of_features_serve_all_parts() -> None:
    models = {"one": HybridALS(factors=4), "other": HybridALS(factors=4)}
    blend = Blend(models).fit(described())
    listed = blend.recommend(user_features=["north"], item_features={"new": ["odd"]})
    drawn = blend.recommend(user_features=iter(["north"]), item_features={"new": iter(["odd"])})
    np.testing.assert_array_equal(drawn.scores, listed.scores)


def test_features_that_no_part_uses_are_refused() -> None:
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
