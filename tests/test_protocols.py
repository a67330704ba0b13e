"""Protocols of published comparisons, each on a case computed by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import oracles
from tests.conftest import random_interactions
from tests.evaluation.test_evaluate import FakeModel, interactions

import penchant
from penchant import protocols
from penchant.errors import DataError, SettingsError, SplitError
from penchant.split import Split, leave_last_out, random_fraction, sample_negatives

LOG2_3 = math.log2(3)


def timed(rows, n_items):
    """Interactions of rows item → (value, time)."""
    values = interactions([{i: v for i, (v, _) in row.items()} for row in rows], n_items)
    times = np.array([row[i][1] for row in rows for i in sorted(row)], dtype=np.int64)
    return dataclasses.replace(values, timestamps=times)


def items_of(part) -> list[list[int]]:
    return oracles.rows_of(part.csr)


# Three users, eight items. User 0 likes 0, 1, 2 at times 1, 5, 3; user 1 likes 3 and 4 at 2 and 4
# and dislikes 5 at 6; user 2 likes 6 only, at 9.
LOG = timed(
    [
        {0: (1.0, 1), 1: (1.0, 5), 2: (1.0, 3)},
        {3: (1.0, 2), 4: (1.0, 4), 5: (-1.0, 6)},
        {6: (1.0, 9)},
    ],
    8,
)


# --- leave last out -----------------------------------------------------------------------


def test_leave_last_out_by_hand() -> None:
    """Items are ranked 7, 1, 6, 5, 4, …: user 0 finds item 1 second, user 1 item 4 fourth.

    User 1's dislike of item 5 is newer than the held-out like, so that it is no training data and
    item 5 is a candidate. The single like of user 2 stays.
    """
    split = protocols.leave_last_out(LOG)
    assert items_of(split.train) == [[0, 2], [3], [6]]
    assert items_of(split.test) == [[1], [4, 5], []]
    scores = [[0, 7, 1, 2, 4, 5, 6, 8]] * 3
    e = penchant.evaluate(FakeModel(scores), split, bootstrap=0)
    assert list(e) == ["hit_rate@10", "ndcg@10", "mrr@10"]
    assert e.n_users == 2
    assert e["mrr@10"] == pytest.approx((1 / 2 + 1 / 5) / 2)
    assert e["ndcg"] == pytest.approx((1 / LOG2_3 + 1 / math.log2(6)) / 2)
    short = penchant.evaluate(FakeModel(scores), split, metrics="hit_rate@2", bootstrap=0)
    assert short["hit_rate@2"] == 1 / 2


def test_leave_last_out_takes_the_newest_k() -> None:
    split = leave_last_out(LOG, 2)
    assert items_of(split.test) == [[1, 2], [], []]
    assert items_of(split.train) == [[0], [3, 4, 5], [6]]
    assert split.settings == {"k": 2, "min_interactions": 3, "seed": 0}


@given(st.integers(0, 30), st.integers(1, 3))
def test_held_out_likes_are_the_newest(seed, k) -> None:
    x = random_interactions(20, 15, density=0.4, seed=seed, dislikes=0.2)
    times = np.random.default_rng(seed).integers(0, 6, x.nnz)
    x = dataclasses.replace(x, timestamps=times)
    split = leave_last_out(x, k, seed=seed)
    likes = (x.to_scipy() > 0).sum(axis=1)
    assert ((split.test.to_scipy() > 0).sum(axis=1) == np.where(likes > k, k, 0)).all()
    for user in range(20):
        train, test = (part.take_users([user]) for part in (split.train, split.test))
        if test.nnz:
            cut = test.timestamps[test.csr.values > 0].min()
            assert (train.timestamps[train.csr.values > 0] <= cut).all()
            assert (train.timestamps[train.csr.values < 0] < cut).all()


def test_ties_in_time_are_drawn() -> None:
    x = random_interactions(200, 5, density=1.0)
    x = dataclasses.replace(x, timestamps=np.zeros(x.nnz, dtype=np.int64))
    first, again, other = (leave_last_out(x, seed=seed).test.csr.indices for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert np.bincount(first, minlength=5).min() > 20


# --- sampled negatives --------------------------------------------------------------------


def test_ncf_by_hand() -> None:
    """With every free item a negative, the sample is known: 5 items for user 0, 4 for user 1.

    User 0: candidates 1 (held out) and 3 to 7, in the order 7, 1, 6, …: place 2.
    User 1: candidates 4 and 0, 1, 2, 6, 7, in the order 7, 1, 6, 4: place 4.
    """
    likes = LOG.select(LOG.csr.values > 0)
    split = protocols.ncf(likes, negatives=5)
    assert items_of(split.test) == [[1], [4], []]
    scores = [[0, 7, 1, 2, 4, 5, 6, 8]] * 3
    e = penchant.evaluate(
        FakeModel(scores), split, metrics=["hit_rate@2", "ndcg@10", "auc"], bootstrap=0
    )
    candidates = oracles.rows_of(split.candidates)
    assert candidates[0] == [1, 3, 4, 5, 6, 7]
    assert set(candidates[1]) < {0, 1, 2, 4, 5, 6, 7}
    assert (len(candidates[1]), candidates[2]) == (6, [])
    order = sorted(candidates[1], key=lambda item: -scores[1][item])
    place = order.index(4) + 1
    assert e["hit_rate@2"] == (1 + (place <= 2)) / 2
    assert e["ndcg@10"] == pytest.approx((1 / LOG2_3 + 1 / math.log2(place + 1)) / 2)
    assert e["auc"] == pytest.approx((4 / 5 + (6 - place) / 5) / 2)
    assert e.settings["candidates"] == 6
    assert "among 6 candidates" in str(e)
    assert "Krichene & Rendle 2020" in str(e)


def test_ncf_measures_hit_rate_and_ndcg_at_10() -> None:
    x = random_interactions(30, 200, density=0.1)
    split = protocols.ncf(x, last=False)
    assert split.metrics == ("hit_rate@10", "ndcg@10")
    assert split.settings == {"last": False, "negatives": 99, "seed": 0}
    assert (split.candidates.row_counts == 100).all()
    assert "biased" in split.note
    with pytest.raises(SplitError, match=r"no timestamps.*pass last=False"):
        protocols.ncf(x)


@given(st.integers(0, 100), st.integers(1, 8))
def test_negatives_are_free_items_without_repetition(seed, n) -> None:
    x = random_interactions(25, 20, density=0.3, seed=seed)
    split = random_fraction(x, 0.3, per_user=True, seed=seed)
    try:
        sampled = sample_negatives(split, n, seed=seed)
    except SplitError:
        assert x.csr.row_counts.max() > 20 - n
        return
    assert sampled.train is split.train
    for user, candidates in enumerate(oracles.rows_of(sampled.candidates)):
        test, seen = (set(items_of(part)[user]) for part in (split.test, split.train))
        assert candidates == sorted(set(candidates))
        assert test <= set(candidates)
        assert not seen & set(candidates)
        assert len(candidates) == (len(test) + n if test else 0)


def test_every_free_item_is_equally_likely() -> None:
    x = interactions([{0: 1.0, 3: 1.0}] * 4000, 7)
    split = Split(x, interactions([{4: 1.0}] * 4000, 7))
    counts = np.bincount(sample_negatives(split, 2).candidates.indices, minlength=7)
    assert counts[[0, 3, 4]].tolist() == [0, 0, 4000]
    free = counts[[1, 2, 5, 6]]
    assert ((free - 2000) ** 2 / 2000).sum() < 16.3  # χ² of 3 degrees, 1 in 1000


def test_negatives_of_held_out_users_are_not_in_their_history() -> None:
    x = random_interactions(40, 30, density=0.3)
    split = sample_negatives(penchant.split.held_out_users(x, 0.3), 5)
    for seen, candidates in zip(
        items_of(split.fold_in), oracles.rows_of(split.candidates), strict=True
    ):
        assert not set(seen) & set(candidates)
    assert penchant.evaluate(penchant.Popularity().fit(split.train), split).n_users == 12


def test_too_few_items_to_sample_from() -> None:
    split = leave_last_out(LOG)
    with pytest.raises(SplitError, match=r"6 negatives .* only 5 of 8 items .* lower n"):
        sample_negatives(split, 6)
    with pytest.raises(SplitError, match="candidates already"):
        sample_negatives(sample_negatives(split, 2), 2)
    with pytest.raises(SettingsError, match="n must be"):
        sample_negatives(split, 0)
    with pytest.raises(DataError, match=r"penchant\.Split is needed"):
        sample_negatives(LOG)


# --- the other protocols ------------------------------------------------------------------


def test_lightgcn_by_hand() -> None:
    """One user with 30 likes of 60 items: 6 are held out, and recall divides by 6."""
    x = interactions([dict.fromkeys(range(30), 1.0), {59: 1.0}], 60)
    split = protocols.lightgcn(x)
    held = items_of(split.test)
    assert [len(row) for row in held] == [6, 0]
    scores = np.zeros((2, 60))
    scores[0, held[0][:2]] = 2.0  # two hits at the top, then 20 others
    scores[0, 30:52] = 1.0
    e = penchant.evaluate(FakeModel(scores), split, bootstrap=0)
    assert list(e) == ["recall@20", "ndcg@20"]
    assert e["recall@20"] == pytest.approx(2 / 6)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, 7))
    assert e["ndcg@20"] == pytest.approx((1 + 1 / LOG2_3) / ideal)


def test_the_two_recalls() -> None:
    """Five held out, two of them in the list of three: 2/5 of all, 2/3 of the possible hits."""
    split = Split(interactions([{9: 1.0}], 10), interactions([dict.fromkeys(range(5), 1.0)], 10))
    model = FakeModel([[9, 8, 0, 0, 0, 7, 0, 0, 0, 0]])
    metrics = ["recall@3", "recall_truncated@3", "recall_truncated@8", "recall@8"]
    e = penchant.evaluate(model, split, metrics=metrics, bootstrap=0)
    assert e["recall@3"] == pytest.approx(2 / 5)
    assert e["recall_truncated@3"] == pytest.approx(2 / 3)
    assert e["recall_truncated@8"] == e["recall@8"]


def test_strong_generalization_by_hand() -> None:
    """Held-out users have 50 likes: 40 are folded in, and 10 are to be found.

    The list of 20 has 4 of them: recall is 4/10 at 20, since min(20, 10) = 10.
    """
    x = interactions([dict.fromkeys(range(50), 1.0)] * 10, 100)
    split = protocols.strong_generalization(x, n=2)
    assert split.train.n_users == 8
    assert [len(row) for row in items_of(split.fold_in)] == [40, 40]
    scores = np.zeros((2, 100))
    for user, held in enumerate(items_of(split.test)):
        assert len(held) == 10
        scores[user, held[:4]] = 3.0
        scores[user, held[4:]] = 1.0
        scores[user, 50:66] = 2.0
        scores[user, 66:] = 0.5
    e = penchant.evaluate(FakeModel(scores), split, bootstrap=0)
    assert list(e) == ["recall_truncated@20", "recall_truncated@50", "ndcg@100"]
    assert e["recall_truncated@20"] == pytest.approx(4 / 10)
    assert e["recall_truncated@50"] == 1
    places = [*range(1, 5), *range(21, 27)]
    ideal = sum(1 / math.log2(place + 1) for place in range(1, 11))
    gained = sum(1 / math.log2(place + 1) for place in places)
    assert e["ndcg@100"] == pytest.approx(gained / ideal)


def test_global_temporal_by_hand() -> None:
    """The cut is at time 5: item 1 was not liked before, and user 2 had no like before."""
    both = protocols.global_temporal(LOG, at=5, keep_cold=True)
    assert items_of(both.test) == [[1], [5], [6]]
    with pytest.raises(SplitError, match="keep_cold=True"):
        protocols.global_temporal(LOG, at=5)
    log = timed([{0: (1.0, 1), 1: (1.0, 6)}, {1: (1.0, 2), 2: (1.0, 7)}, {0: (1.0, 8)}], 3)
    split = protocols.global_temporal(log, at=5)
    assert items_of(split.train) == [[0], [1], []]
    assert items_of(split.test) == [[1], [], []]
    e = penchant.evaluate(FakeModel([[0, 1, 2]] * 3), split, bootstrap=0)
    assert list(e) == ["recall@20", "ndcg@20"]
    assert e.n_users == 1
    assert e["ndcg@20"] == pytest.approx(1 / LOG2_3)  # after item 2
    assert split.settings == {"test": None, "at": 5, "keep_cold": False}


# --- a share of each user -----------------------------------------------------------------


@given(st.integers(0, 30), st.floats(0.05, 0.95))
def test_a_share_of_each_user(seed, share) -> None:
    x = random_interactions(30, 25, density=0.2, seed=seed, dislikes=0.2)
    split = random_fraction(x, share, per_user=True, seed=seed)
    likes = (x.to_scipy() > 0).sum(axis=1)
    held = (split.test.to_scipy() > 0).sum(axis=1)
    exact = np.clip(likes - np.rint((1 - share) * likes), 1, np.maximum(likes - 1, 1))
    assert (held == np.where(likes > 1, exact, 0)).all()


# --- by name, and bad arguments -----------------------------------------------------------


@pytest.mark.parametrize("name", protocols.PROTOCOLS)
def test_every_protocol_works_by_name_and_repeats(name) -> None:
    x = random_interactions(60, 150, density=0.2)
    x = dataclasses.replace(x, timestamps=np.random.default_rng(0).integers(0, 99, x.nnz))
    split, again = (protocols.apply(name, x, seed=3) for _ in range(2))
    assert (split.test.csr.indices == again.test.csr.indices).all()
    assert split.kind == name.replace("-", "_")
    e = penchant.evaluate(penchant.Popularity().fit(split.train), split, bootstrap=0)
    assert tuple(e) == split.metrics


@pytest.mark.parametrize(
    "call",
    [
        lambda x: protocols.ncf(x, last="yes"),
        lambda x: protocols.ncf(x, last=False, negatives=0),
        lambda x: protocols.ncf(x, last=False, seed=-1),
        lambda x: protocols.lightgcn(x, test=1.0),
        lambda x: protocols.strong_generalization(x, 1.5),
        lambda x: protocols.strong_generalization(x, fold_in=0),
        lambda x: protocols.global_temporal(x, 0.2, at=3),
        lambda x: protocols.global_temporal(x, keep_cold=1),
        lambda x: protocols.leave_last_out(x, seed="one"),
        lambda x: leave_last_out(x, 0),
        lambda x: leave_last_out(x, 2, min_interactions=2),
        lambda x: random_fraction(x, 0.2, per_user="yes"),
        lambda x: protocols.apply("bert4rec", x),
    ],
)
def test_arguments_out_of_range(call) -> None:
    with pytest.raises(SettingsError, match=r"must be|not both"):
        call(LOG)


@pytest.mark.parametrize("name", protocols.PROTOCOLS)
def test_other_than_interactions_are_refused(name) -> None:
    for other in (None, LOG.to_scipy()):
        with pytest.raises(DataError, match=r"needs penchant\.Interactions"):
            protocols.apply(name, other)


def test_too_little_data() -> None:
    single = interactions([{0: 1.0}, {1: 1.0}], 3)
    with pytest.raises(SplitError, match="2 likes or more"):
        protocols.lightgcn(single)
    with pytest.raises(SplitError, match="no timestamps"):
        protocols.leave_last_out(single)
    with pytest.raises(SplitError, match="no timestamps"):
        protocols.global_temporal(single)
    with pytest.raises(SplitError, match="5 likes or more"):
        protocols.strong_generalization(single)
