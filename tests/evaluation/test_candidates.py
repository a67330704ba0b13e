"""Evaluation over the candidate items of a split."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import oracles
from tests.conftest import random_interactions
from tests.evaluation.test_evaluate import FakeModel, split_of, worlds

import penchant
from penchant.errors import DataError, EmptyDataError, SettingsError, UnknownIdError
from penchant.split import cold_items

# two users, five items; items 1 and 4 are new, and the model likes the known ones best
SPLIT = dataclasses.replace(
    split_of([{0: 1.0, 2: 1.0}, {3: 1.0}], [{4: 1.0}, {1: 1.0}], 5), candidates=np.array([1, 4])
)
MODEL = FakeModel([[9, 1, 8, 7, 2], [9, 1, 8, 7, 2]])


@pytest.mark.parametrize("blocks", [False, True])
def test_only_candidates_compete(blocks) -> None:
    model = FakeModel(MODEL.scores, blocks)
    found = penchant.evaluate(model, SPLIT, k=1, metrics=["precision", "auc"], bootstrap=0)
    assert found["precision@1"] == 0.5  # right for the first user, wrong for the second
    assert found["auc"] == 0.5
    everything = dataclasses.replace(SPLIT, candidates=None)
    assert (
        penchant.evaluate(model, everything, k=1, metrics="precision", bootstrap=0)["precision"]
        == 0
    )


def test_training_likes_are_measured_over_all_items() -> None:
    found = penchant.evaluate(MODEL, SPLIT, k=1, metrics="precision", on="train", bootstrap=0)
    assert found["precision@1"] == 0.5


def test_a_model_that_cannot_score_cold_items_recommends_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = random_interactions(40, 20)
    split = cold_items(data, 0.3)
    model = penchant.Popularity().fit(split.train)
    with caplog.at_level(logging.WARNING, "penchant"):
        found = penchant.evaluate(model, split, metrics=["hit_rate", "ndcg"], bootstrap=0)
    assert set(found.figures.values()) == {0.0}
    assert "Popularity can't score cold items" in caplog.text


# --- a list for each user, or one for all -----------------------------------------------------


LISTED = split_of([{0: 1.0, 2: 1.0}, {3: 1.0}], [{4: 1.0}, {1: 1.0}], 5)
RANKING = ["precision", "recall", "ndcg", "auc", "percentile_rank", "coverage"]


def test_lists_of_candidates_by_hand() -> None:
    """User 0 has 1, 3, 4, in the order 3, 4, 1; user 1 has 1 and 2 (3 is seen): 2, then 1."""
    lists = {0: [1, 3, 4, 0], 1: [1, 2, 3]}
    found = penchant.evaluate(MODEL, LISTED, k=1, metrics=RANKING, candidates=lists, bootstrap=0)
    assert found["precision@1"] == 0
    assert found["coverage@1"] == 2 / 5
    assert found["auc"] == pytest.approx((1 / 2 + 0) / 2)
    assert found["percentile_rank"] == pytest.approx((1 / 2 + 1) / 2)
    assert found.settings["candidates"] == 2.5
    deeper = penchant.evaluate(MODEL, LISTED, k=2, metrics="recall", candidates=lists, bootstrap=0)
    assert deeper["recall@2"] == 1


def test_held_out_likes_outside_the_lists_do_not_count() -> None:
    found = penchant.evaluate(
        MODEL, LISTED, k=2, metrics="recall", candidates={0: [1, 4], 1: [2]}, bootstrap=0
    )
    assert (found.n_users, found.n_left_out) == (1, 1)
    with pytest.raises(EmptyDataError, match="nothing to evaluate"):
        penchant.evaluate(MODEL, LISTED, candidates={0: [1]})


@pytest.mark.parametrize("blocks", [False, True])
def test_one_list_for_all_is_the_same_list_for_each(blocks) -> None:
    model = FakeModel(MODEL.scores, blocks)
    same = {"k": 2, "metrics": RANKING, "bootstrap": 0}
    for_all = penchant.evaluate(model, LISTED, candidates=[4, 1, 2], **same)
    for_each = penchant.evaluate(model, LISTED, candidates={0: [1, 2, 4], 1: [4, 2, 1]}, **same)
    coverage = for_all.figures.pop("coverage@2"), for_each.figures.pop("coverage@2")
    assert coverage[0] == pytest.approx(coverage[1] * 5 / 3)  # of the candidates, of all items
    assert dict(for_all) == pytest.approx(dict(for_each))


@given(worlds(), st.integers(1, 8), st.booleans())
def test_all_items_as_candidates_change_nothing(world, k, exclude_seen) -> None:
    scores, train, test, n = world
    split = split_of(train, test, n)
    how = {"k": k, "metrics": RANKING, "exclude_seen": exclude_seen, "bootstrap": 0}
    found = penchant.evaluate(FakeModel(scores), split, **how)
    lists = {user: range(n) for user in range(len(scores))}
    listed = penchant.evaluate(FakeModel(scores), split, candidates=lists, **how)
    np.testing.assert_allclose(list(found.values()), list(listed.values()))


def test_warm_candidates_are_scored_by_every_model() -> None:
    data = random_interactions(40, 20)
    split = penchant.split.leave_k_out(data, 1)
    model = penchant.Popularity().fit(split.train)
    found = penchant.evaluate(model, split, candidates=list(split.test.items)[:10], bootstrap=0)
    assert found["hit_rate"] == 1  # ten candidates, lists of ten


@pytest.mark.parametrize(
    ("candidates", "error", "message"),
    [
        ("i1", SettingsError, "a list of items, or a mapping"),
        (3, SettingsError, "a list of items, or a mapping"),
        ([99], UnknownIdError, "unknown item 99"),
        ({7: [1]}, UnknownIdError, "unknown user 7"),
        ({0: "i1"}, SettingsError, "a list of items, or a mapping"),
        ({0: 5}, SettingsError, "a list of items, or a mapping"),
        ([], EmptyDataError, "nothing to evaluate"),
        ({}, EmptyDataError, "nothing to evaluate"),
    ],
)
def test_other_candidates_are_refused(candidates, error, message) -> None:
    with pytest.raises(error, match=message):
        penchant.evaluate(MODEL, LISTED, candidates=candidates)


def test_candidates_must_fit() -> None:
    with pytest.raises(SettingsError, match='for on="test"'):
        penchant.evaluate(MODEL, LISTED, candidates=[1], on="train")
    wrong = dataclasses.replace(LISTED, candidates=oracles.csr_of([[1]], 5))
    with pytest.raises(DataError, match="1 rows and 5 columns for 2 users and 5 items"):
        penchant.evaluate(MODEL, wrong)
