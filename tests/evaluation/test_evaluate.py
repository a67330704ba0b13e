"""evaluate: by hand, against the definitions in plain loops, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import oracles

from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.evaluation.evaluate import evaluate
from penchant.evaluation.metrics import DEFAULT, METRICS
from penchant.models._scoring.scorers import BlockScorer, FactorScorer
from penchant.split import Split

ALL = tuple(METRICS)
CLOSE = 1e-6


class FakeModel:
    """Answers with the scores it was made of."""

    def __init__(self, scores, blocks=False) -> None:
        self.scores = np.asarray(scores, dtype=np.float32)
        self.blocks = blocks

    def scorer(self, interactions):
        assert interactions.n_users == len(self.scores)
        if self.blocks:
            return BlockScorer(*self.scores.shape, lambda span: self.scores[span], batch=3)
        return FactorScorer(self.scores, np.eye(self.scores.shape[1], dtype=np.float32))


def interactions(rows, n_items) -> Interactions:
    """Rows given as mappings item → value."""
    csr = oracles.csr_of(rows, n_items, [row[i] for row in rows for i in sorted(row)])
    return Interactions(csr, IdMap.range(len(rows), "user"), IdMap.range(n_items))


def split_of(train, test, n_items) -> Split:
    return Split(interactions(train, n_items), interactions(test, n_items))


# Five items in the order of their scores 0…4; item 1 is seen, 0 and 3 are to be found.
HAND = split_of([{1: 1.0}], [{0: 1.0, 3: 2.0, 4: -1.0}], 5)
HAND_MODEL = FakeModel([[5.0, 4.0, 3.0, 2.0, 1.0]])


def test_a_case_computed_by_hand() -> None:
    """The list is 0, 2, 3 (1 is masked): hits at places 1 and 3; candidates are 0, 2, 3, 4."""
    e = evaluate(HAND_MODEL, HAND, k=3, metrics=ALL)
    assert e["precision"] == pytest.approx(2 / 3)
    assert e["recall"] == 1
    assert e["ndcg"] == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert e["map"] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert e["mrr"] == 1
    assert e["hit_rate"] == 1
    assert e["auc"] == pytest.approx(3 / 4)  # of (0,2) (0,4) (3,2) (3,4) all but (3,2)
    assert e["percentile_rank"] == pytest.approx((1 * 0 + 2 * 2 / 3) / 3)
    assert e["mse"] == pytest.approx((4**2 + 4**2 + 3**2 + 1**2 + 1**2) / 5)
    assert e["coverage"] == pytest.approx(3 / 5)
    assert e["novelty"] == 0  # one user: items without likes count as one of one
    assert (e.n_users, e.n_left_out, e.k) == (1, 0, 3)


def test_seen_items_compete_where_they_are_not_masked() -> None:
    """The articles' precision: the list is 0, 1, 2."""
    e = evaluate(HAND_MODEL, HAND, k=3, metrics=ALL, exclude_seen=False)
    assert e["precision@3"] == pytest.approx(1 / 3)
    assert e["auc"] == pytest.approx(4 / 6)


def article_precision_at_k(scores, ratings, k, user_index):
    """As the article has it, the model's ``predict`` being a matrix of scores."""
    precisions = []
    for user in user_index:
        top_k = np.argsort(-scores[user])[:k]
        labels = ratings.getrow(user).indices
        precisions.append(len(set(top_k) & set(labels)) / float(k))
    return np.mean(precisions)


def test_the_articles_figures() -> None:
    import scipy.sparse as sp

    rng = np.random.default_rng(0)
    scores = rng.normal(size=(30, 40)).astype(np.float32)
    cells = rng.random((30, 40))
    train = interactions([dict.fromkeys(np.flatnonzero(row < 0.2), 1.0) for row in cells], 40)
    test = interactions([dict.fromkeys(np.flatnonzero(row > 0.95), 1.0) for row in cells], 40)
    ratings = sp.csr_matrix(test.to_scipy())
    users = np.flatnonzero(test.csr.row_counts)
    e = evaluate(FakeModel(scores), Split(train, test), k=5, metrics=ALL, exclude_seen=False)
    assert e["precision"] == pytest.approx(article_precision_at_k(scores, ratings, 5, users))
    squares = np.square(ratings.toarray() - scores)[users]
    assert e["mse"] == pytest.approx(squares.mean(), rel=1e-5)
    assert e.n_users == len(users) == 30 - e.n_left_out


# --- against the definitions -----------------------------------------------------------


@st.composite
def worlds(draw):
    """Scores with ties, and what is seen and to be found; both may hold an item, both dislikes."""
    m, n = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    value = st.sampled_from([1.0, 2.0, 5.0, -1.0])
    rows = st.lists(
        st.dictionaries(st.integers(0, n - 1), value, max_size=n), min_size=m, max_size=m
    )
    score = st.sampled_from([0.0, 0.25, 1.0, -1.0])
    scores = draw(st.lists(st.lists(score, min_size=n, max_size=n), min_size=m, max_size=m))
    train, test = draw(rows), draw(rows)
    test[0][0] = 1.0
    return scores, train, test, n


@given(
    worlds(), st.integers(1, 15), st.booleans(), st.booleans(), st.sampled_from(["test", "train"])
)
def test_every_metric_is_its_definition(world, k, exclude_seen, blocks, on) -> None:
    scores, train, test, n = world
    target = test if on == "test" else train
    if not any(value > 0 for row in target for value in row.values()):
        return
    model = FakeModel(scores, blocks)
    e = evaluate(
        model,
        split_of(train, test, n),
        k=k,
        metrics=ALL,
        exclude_seen=exclude_seen,
        on=on,
        per_user=True,
        bootstrap=0,
    )
    wanted, everyone = {}, set()
    for user, row in enumerate(target):
        relevant = {item: value for item, value in row.items() if value > 0}
        if not relevant:
            continue
        masked = set(train[user]) - set(relevant) if exclude_seen and on == "test" else set()
        ranked = oracles.top_k([scores[user]], n, [masked])[0]
        everyone |= set(ranked[:k])
        wanted[user] = oracles.metrics(ranked, scores[user], relevant, masked, k)
    assert e.users.tolist() == list(wanted)
    assert e.n_left_out == len(scores) - len(wanted)
    for name in next(iter(wanted.values())):
        full = f"{name}@{k}" if METRICS[name].of_lists else name
        found = e.per_user[full]
        assert np.allclose(found, [row[name] for row in wanted.values()], equal_nan=True), name
        if name != "percentile_rank":
            mean = np.nanmean(found) if not np.isnan(found).all() else math.nan
            assert np.isclose(e[name], mean, equal_nan=True)
    assert e["coverage"] == pytest.approx(len(everyone) / n)
    assert all(0 <= e[name] <= 1 for name in ALL[:6])


def test_blocks_and_factors_agree() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(20, 30))
    split = split_of(
        [dict.fromkeys(rng.choice(30, 5, replace=False), 1.0) for _ in range(20)],
        [dict.fromkeys(rng.choice(30, 5, replace=False), 1.0) for _ in range(20)],
        30,
    )
    one, two = (evaluate(FakeModel(scores, blocks), split, metrics=ALL) for blocks in (0, 1))
    assert {n: pytest.approx(v, abs=CLOSE) for n, v in one.items()} == dict(two.items())


def test_the_mean_percentile_rank_weighs_by_value() -> None:
    """As in the paper: over (user, item) pairs, not over users."""
    split = split_of([{}, {}], [{0: 3.0}, {1: 1.0, 2: 1.0}], 3)
    e = evaluate(FakeModel([[2, 1, 0]] * 2), split, metrics="percentile_rank", per_user=True)
    assert e.per_user["percentile_rank"].tolist() == [0.0, 0.75]
    assert e["percentile_rank"] == pytest.approx((3 * 0 + 1 * 0.5 + 1 * 1.0) / 5)


def test_novelty_counts_likers_in_training() -> None:
    split = split_of([{0: 1.0}, {0: 1.0, 1: 1.0}, {0: 1.0, 2: -1.0}, {0: 2.0}], [{3: 1.0}] * 4, 4)
    e = evaluate(FakeModel([[4, 3, 2, 1]] * 4), split, k=3, metrics="novelty", exclude_seen=False)
    assert e["novelty"] == pytest.approx((0 + 2 + 2) / 3)  # liked by 4, 1 and 0 of 4


# --- stated answers ------------------------------------------------------------------------


def test_k_beyond_the_catalog() -> None:
    e = evaluate(HAND_MODEL, HAND, k=100, metrics=ALL)
    assert e["precision"] == pytest.approx(2 / 4)
    assert e["recall"] == e["hit_rate"] == 1
    assert e["ndcg"] <= 1


def test_relevant_items_are_never_masked() -> None:
    split = split_of([{0: 1.0, 1: 1.0}], [{0: 1.0}], 3)
    e = evaluate(FakeModel([[3, 2, 1]]), split, k=1, metrics=("precision", "auc"))
    assert dict(e) == {"precision@1": 1.0, "auc": 1.0}


def test_on_train_nothing_is_masked() -> None:
    e = evaluate(HAND_MODEL, HAND, k=2, metrics=("recall", "mrr"), on="train")
    assert dict(e) == {"recall@2": 1.0, "mrr@2": 0.5}
    assert e.settings["exclude_seen"] is False


def test_undefined_metrics_are_nan() -> None:
    """One item: no pair to order, no rank among others; the means are unknown, not wrong."""
    e = evaluate(FakeModel([[1.0]]), split_of([{}], [{0: 1.0}], 1), metrics=ALL)
    assert math.isnan(e["auc"])
    assert math.isnan(e["percentile_rank"])
    assert e["ndcg"] == e["precision"] == 1
    assert e.to_dict()["metrics"]["auc"] == {"mean": None, "interval": [None, None]}
    assert "–" in str(e)


def test_unscored_items_gain_nothing() -> None:
    e = evaluate(FakeModel([[np.nan] * 5], blocks=True), HAND, k=2, metrics=(*DEFAULT, "auc"))
    assert e["precision"] == e["ndcg"] == e["coverage"] == 0
    assert e["auc"] == 0.5
    assert math.isnan(e["novelty"])


def test_held_out_users_are_scored_by_their_history() -> None:
    test, history = interactions([{1: 1.0}], 3), interactions([{0: 1.0}], 3)
    train = interactions([{2: 1.0}] * 4, 3)
    split = Split(train, test, fold_in=history)
    e = evaluate(FakeModel([[3, 2, 1]]), split, k=1, metrics="precision")
    assert e["precision"] == 1  # item 0 is masked
    assert e.n_users == 1


def test_on_train_of_users_held_out_from() -> None:
    """The articles' training figures are of the users that the test figures are of."""
    split = split_of([{0: 1.0}, {2: 1.0}, {}], [{1: 1.0}, {}, {1: 1.0}], 3)
    model = FakeModel([[3, 2, 1]] * 3)
    ask = {"k": 1, "metrics": "precision", "on": "train", "per_user": True}
    everyone, held_out = (
        evaluate(model, split, users=users, **ask) for users in ("all", "held-out")
    )
    assert (everyone["precision"], everyone.n_left_out) == (0.5, 1)
    assert (held_out["precision"], held_out.n_left_out) == (1.0, 1)
    assert held_out.users.tolist() == [0]


def test_list_metrics_are_the_default() -> None:
    e = evaluate(HAND_MODEL, HAND, k=3)
    assert [name.partition("@")[0] for name in e] == list(DEFAULT)
    assert {"auc", "percentile_rank", "mse"}.isdisjoint(DEFAULT)


# --- intervals, names, seeds -------------------------------------------------------------


def many(n=400, seed=0):
    rng = np.random.default_rng(seed)
    test = [{int(i): 1.0 for i in rng.choice(20, 3, replace=False)} for _ in range(n)]
    return FakeModel(rng.normal(size=(n, 20))), split_of([{}] * n, test, 20)


def test_intervals_hold_the_mean_and_follow_the_seed() -> None:
    model, split = many()
    one, same, other = (evaluate(model, split, metrics=ALL, seed=seed) for seed in (0, 0, 1))
    for name in one:
        if METRICS[name.partition("@")[0]].pooled:
            assert one.interval(name) is None
            continue
        low, high = one.interval(name)
        assert low - 1e-12 <= one[name] <= high + 1e-12
        assert same.interval(name) == (low, high)
    assert other.interval("ndcg") != one.interval("ndcg")
    assert dict(other) == dict(one)
    wide = evaluate(model, split, level=0.999).interval("ndcg")
    assert wide[0] < one.interval("ndcg")[0] < one.interval("ndcg")[1] < wide[1]


def test_no_resamples_no_intervals() -> None:
    model, split = many(20)
    e = evaluate(model, split, bootstrap=0)
    assert e.interval("ndcg") is None
    assert "interval" not in str(e)


def test_threads_change_nothing() -> None:
    model, split = many()
    one, two = (evaluate(model, split, metrics=ALL, threads=t) for t in (1, 3))
    assert dict(one) == dict(two)
    assert one.intervals == two.intervals


def test_names_with_their_own_k() -> None:
    model, split = many(20)
    e = evaluate(model, split, k=4, metrics=["recall@2", "recall", "recall@20", "auc", "recall@4"])
    assert list(e) == ["recall@2", "recall@4", "recall@20", "auc"]
    assert e["recall"] == e["recall@4"]
    assert e["recall@2"] <= e["recall@4"] <= e["recall@20"] == 1
    assert e["recall@2"] == evaluate(model, split, k=2, metrics="recall")["recall"]
    assert "ndcg" not in e
    with pytest.raises(KeyError, match="these were: recall@2"):
        e["ndcg"]


def test_values_per_user_are_optional() -> None:
    model, split = many(20)
    e = evaluate(model, split)
    assert e.per_user is None
    assert e.users is None
    e = evaluate(model, split, per_user=True)
    assert "coverage@10" not in e.per_user
    assert np.mean(e.per_user["ndcg@10"]) == pytest.approx(e["ndcg"])
    assert e.users.tolist() == list(range(20))


def test_an_evaluation_is_json() -> None:
    model, split = many(20)
    e = evaluate(model, split, metrics=ALL)
    back = json.loads(json.dumps(e.to_dict(), allow_nan=False))
    assert back["metrics"]["ndcg@10"]["mean"] == e["ndcg"]
    assert back["metrics"]["ndcg@10"]["interval"] == list(e.interval("ndcg"))
    assert back["settings"]["split"] == "custom"


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 0}, "k must be 1"),
        ({"k": 2.0}, "whole number"),
        ({"metrics": "ndgc"}, "did you mean 'ndcg'"),
        ({"metrics": ["NDCG@10"]}, r"unknown metric 'NDCG@10' \(did you mean 'ndcg@10'\?\)"),
        ({"metrics": ["hr@5"]}, "did you mean 'hit_rate@5'"),
        ({"metrics": "ndcg@0"}, "1 or more"),
        ({"metrics": "ndcg@-1"}, "1 or more"),
        ({"metrics": "ndcg@"}, "1 or more"),
        ({"metrics": "auc@10"}, "use 'auc'"),
        ({"metrics": []}, "no metric"),
        ({"metrics": 3}, "names of metrics"),
        ({"on": "valid"}, "on must be"),
        ({"users": "some"}, "users must be"),
        ({"bootstrap": -1}, "bootstrap"),
        ({"level": 1.0}, "level"),
        ({"seed": -1}, "seed"),
        ({"threads": 0}, "threads"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        evaluate(HAND_MODEL, HAND, **settings)


def test_no_relevant_items() -> None:
    with pytest.raises(EmptyDataError, match="no user has a positive value in the test part"):
        evaluate(HAND_MODEL, split_of([{1: 1.0}], [{2: -1.0}], 5))


def test_parts_that_do_not_fit() -> None:
    other = dataclasses.replace(HAND.test, users=IdMap(["someone"], "user"))
    with pytest.raises(DataError, match="same order"):
        evaluate(HAND_MODEL, dataclasses.replace(HAND, test=other))


def test_other_than_models_and_splits_are_refused() -> None:
    with pytest.raises(DataError, match=r"a penchant\.Split is needed, got Interactions"):
        evaluate(HAND_MODEL, HAND.train)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a fitted model is needed, got NoneType"):
        evaluate(None, HAND)  # type: ignore[arg-type]
