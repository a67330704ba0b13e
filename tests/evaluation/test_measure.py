"""Measure: several parts and several models at once are as one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import oracles
from tests.evaluation.test_evaluate import ALL, FakeModel, interactions, many, split_of, worlds

from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.evaluation.cells import minus
from penchant.evaluation.evaluate import evaluate
from penchant.evaluation.measure import Measure
from penchant.models._scoring.scorers import FactorScorer
from penchant.split import Split


@given(worlds(), st.integers(1, 15), st.booleans(), st.booleans())
def test_both_parts_at_once_are_as_one_by_one(world, k, exclude_seen, blocks) -> None:
    scores, train, test, n = world
    train[0][n - 1] = 1.0
    model, split = FakeModel(scores, blocks), split_of(train, test, n)
    how = {"k": k, "metrics": ALL, "exclude_seen": exclude_seen, "bootstrap": 20}
    for users in ("all", "held-out"):
        both = Measure(split, users=users, **how)(model)
        assert list(both) == ["test", "train"]
        for on, found in both.items():
            alone = evaluate(model, split, on=on, users=users, **how)
            np.testing.assert_equal(dict(found), dict(alone))
            np.testing.assert_equal(found.intervals, alone.intervals)
            assert (found.n_users, found.n_left_out) == (alone.n_users, alone.n_left_out)
            assert found.settings == alone.settings


@given(worlds())
def test_held_out_users_are_those_of_the_test_part(world) -> None:
    scores, train, test, n = world
    train[0][n - 1] = 1.0
    model, split = FakeModel(scores), split_of(train, test, n)
    how = {"metrics": "ndcg", "on": "train", "per_user": True, "bootstrap": 0}
    everyone, some = (evaluate(model, split, users=users, **how) for users in ("all", "held-out"))
    tested = [user for user, row in enumerate(test) if any(value > 0 for value in row.values())]
    chosen = np.isin(everyone.users, tested)
    assert some.users.tolist() == everyone.users[chosen].tolist()
    assert (some.per_user["ndcg@10"] == everyone.per_user["ndcg@10"][chosen]).all()
    assert some.n_left_out == len(tested) - len(some.users)


def test_one_measure_serves_several_models() -> None:
    one, split = many(50)
    other = FakeModel(-one.scores)
    measure = Measure(split, parts="test", metrics=ALL)
    for model in (one, other, one):
        found = measure(model)["test"]
        alone = evaluate(model, split, metrics=ALL)
        assert dict(found) == dict(alone)
        assert found.intervals == alone.intervals


class Counting(FactorScorer):
    calls = 0

    def top_k(self, k, **which):
        Counting.calls += 1
        return super().top_k(k, **which)

    def take(self, rows):
        return Counting(self.queries[rows], self.factors)


class CountingModel:
    def scorer(self, interactions):
        return Counting(np.ones((interactions.n_users, 1)), np.ones((interactions.n_items, 1)))


@pytest.mark.parametrize(("exclude_seen", "users", "calls"), [
    (False, "held-out", 1),
    (True, "held-out", 2),
    (False, "all", 2),
])  # fmt: skip
def test_lists_are_made_once_where_they_are_the_same(exclude_seen, users, calls) -> None:
    split = split_of([{0: 1.0}, {0: 1.0}], [{1: 1.0}, {}], 3)
    Counting.calls = 0
    metrics = ("precision@1", "recall@2", "novelty", "coverage")
    Measure(split, users=users, metrics=metrics, exclude_seen=exclude_seen)(CountingModel())
    assert Counting.calls == calls


def test_fold_in_is_the_training_part_of_held_out_users() -> None:
    test, history = interactions([{1: 1.0}, {}], 3), interactions([{0: 1.0}, {0: 1.0}], 3)
    split = Split(interactions([{2: 1.0}] * 2, 3), test, fold_in=history)
    found = Measure(split, users="held-out", k=1, metrics="precision", exclude_seen=False)(
        FakeModel([[3, 2, 1]] * 2)
    )
    assert (found["train"]["precision"], found["test"]["precision"]) == (1.0, 0.0)
    assert found["train"].n_users == found["test"].n_users == 1


def test_threads_change_nothing() -> None:
    model, split = many(300)
    one, two = (Measure(split, parts="test", metrics=ALL, threads=t)(model)["test"] for t in (1, 3))
    assert dict(one) == dict(two)
    assert one.intervals == two.intervals


@given(st.integers(0, 1000))
def test_entries_less_entries(seed) -> None:
    rng = np.random.default_rng(seed)
    a, b = ([set(np.flatnonzero(r)) for r in rng.random((4, 6)) < p] for p in (0.5, 0.4))
    found = minus(oracles.csr_of(a, 6), oracles.csr_of(b, 6))
    assert oracles.rows_of(found) == [sorted(x - y) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parts": ["test", "valid"]}, "parts must be one of 'test', 'train'"),
        ({"parts": []}, "no part"),
        ({"users": "some"}, "users must be one of 'all', 'held-out'"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        Measure(many(5)[1], **settings)


def test_splits_without_relevant_items_are_refused_early() -> None:
    with pytest.raises(EmptyDataError, match="in the train part"):
        Measure(split_of([{}, {1: 1.0}], [{1: 1.0}, {}], 3), users="held-out")


def test_other_than_models_are_refused() -> None:
    with pytest.raises(DataError, match="a fitted model is needed, got dict"):
        Measure(many(5)[1], parts="test")({})  # type: ignore[arg-type]
