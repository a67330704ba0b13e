"""What Ranking learns: real plays, features, dislikes and weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.models.ranking.examples import LOSSES, taste

import penchant
from penchant import Ranking
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.errors import SettingsError
from penchant.evaluation.evaluate import evaluate


@pytest.mark.parametrize("loss", ["warp", "bpr", "k-os-warp", "logistic"])
def test_it_beats_popularity_on_real_plays(plays, loss) -> None:
    how = {"metrics": ["precision", "auc"], "bootstrap": 0}
    popular = evaluate(penchant.Popularity().fit(plays.train), plays, **how)
    rate = {"k-os-warp": 0.02}.get(loss, 0.05)
    model = Ranking(loss=loss, factors=24, iterations=12, learning_rate=rate).fit(plays.train)
    found = evaluate(model, plays, **how)
    assert found["precision@10"] > 1.25 * popular["precision@10"]
    assert found["auc"] > popular["auc"]


def test_fold_in_is_nearly_as_good_as_training(plays) -> None:
    model = Ranking(factors=24, iterations=12).fit(plays.train)
    how = {"metrics": ["precision"], "bootstrap": 0}
    own = evaluate(model, plays, **how)["precision@10"]
    X, Y = model.fold_in_users(plays.train), model.item_table
    folded = dataclasses.replace(plays)
    model._X = np.hstack([X, np.zeros((len(X), 1), np.float32)])
    assert evaluate(model, folded, **how)["precision@10"] > 0.85 * own
    assert np.array_equal(Y, model.item_table)


@pytest.mark.parametrize("loss", ["warp", "bpr", "k-os-warp", "logistic"])
def test_items_without_interactions_are_ranked_by_their_features(loss) -> None:
    data, new = taste()
    model = Ranking(loss=loss, factors=8, iterations=20).fit(data)
    for user in (0, 1, 2):
        best = model.recommend(user, k=4, allow=new).ids
        assert {item % 3 for item in best} == {user}
        described = {f"new {kind}": [f"kind {kind}"] for kind in range(3)}
        answer = model.recommend(user, k=1, item_features=described)
        assert list(answer.ids) == [f"new {user}"]


def test_users_without_a_history_are_scored_by_their_features() -> None:
    data, _ = taste()
    model = Ranking(factors=8, iterations=20).fit(data)
    answer = model.recommend(user_features=[["group 0"], ["group 2"]], k=5)
    assert list(answer.queries) == [0, 1]
    assert {item % 3 for item in answer.for_(0).ids} == {0}
    assert {item % 3 for item in answer.for_(1).ids} == {2}
    both = model.recommend(user_features=["group 1"], history=[1, 4], k=5)
    assert not {1, 4} & set(both.ids)
    assert {item % 3 for item in both.ids} == {1}
    fresh = {"a": ["kind 0"], "b": ["kind 1"]}
    assert next(iter(model.recommend(user_features=["group 1"], item_features=fresh).ids)) == "b"


def test_people_of_other_interactions_bring_their_features() -> None:
    data, _ = taste()
    model = Ranking(factors=8, iterations=20).fit(data)
    empty = Csr(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 90)
    others = Interactions(empty, IdMap([500, 501], "user"), data.items)
    groups = Features.of({500: ["group 2"], 501: ["group 0", "unheard of"]}, kind="user")
    top = model.scorer(others.with_user_features(groups)).top_k(5)
    assert (top.indices[:5] % 3 == 2).all()
    assert (top.indices[5:] % 3 == 0).all()
    assert model.scores_cold_items
    assert not Ranking(factors=2, iterations=1).fit(others.from_scipy(np.eye(3))).scores_cold_items
    with pytest.raises(SettingsError, match="bring their own"):
        model.fold_in_users(others, features=[["group 1"], []])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_dislike_pushes_an_item_back(loss) -> None:
    data, _ = taste(held_out=0)
    dense = data.to_scipy().toarray()
    user, item = np.nonzero(dense == 0)
    own_kind = (user % 3 == item % 3) & (item < 15)  # what is liked by most of their group
    likes, dislikes = dense.copy(), dense.copy()
    dislikes[user[own_kind], item[own_kind]] = -1
    gaps = []
    for matrix in (likes, dislikes):
        model = Ranking(loss=loss, factors=8, iterations=20)
        model.fit(Interactions.from_scipy(matrix))
        score = model.user_factors @ model.item_factors.T + model.item_biases
        gaps.append(score[dense > 0].mean() - score[user[own_kind], item[own_kind]].mean())
    assert gaps[1] > gaps[0] + 0.1


def test_weights_by_value_raise_the_item() -> None:
    data, _ = taste(held_out=0)
    heavy = data.csr.values * np.where(data.csr.indices == 3, np.float32(30), np.float32(1))
    data = dataclasses.replace(data, csr=dataclasses.replace(data.csr, values=heavy))
    plain, weighed = (
        Ranking(loss="bpr", factors=4, iterations=5, confidence=c).fit(data).item_biases
        for c in ("binary", "linear")
    )
    assert np.argsort(-weighed).tolist().index(3) < np.argsort(-plain).tolist().index(3)
