"""Ranking: against the oracle, on any number of threads, on real plays, and its edges."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.models.contract import check_snapshots
from tests.models.ranking_oracle import Oracle, Side

import penchant
from penchant import Ranking, _kernels
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError, UnknownIdError, UnsupportedError
from penchant.evaluation.evaluate import evaluate
from penchant.models.ranking import trainer
from penchant.split import leave_k_out

LOSSES = ["warp", "bpr", "logistic", "k-os-warp"]


def tagged(interactions: Interactions) -> Interactions:
    """Items have two tags each, users one; item i0000 has none."""
    items = {one: [f"t{c % 3}", f"s{c % 2}"] for c, one in enumerate(interactions.items) if c}
    users = {one: {f"g{c % 4}": 2.0} for c, one in enumerate(interactions.users)}
    return interactions.with_item_features(Features.of(items)).with_user_features(
        Features.of(users, kind="user")
    )


def rows_of(csr: Csr | None, n: int) -> list[dict[int, float]]:
    if csr is None:
        return [{c: 1.0} for c in range(n)]
    return [
        dict(zip(csr.indices[a:b].tolist(), csr.values[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(csr.indptr)
    ]


def oracle_of(model: Ranking, data: Interactions) -> Oracle:
    """The oracle at the model's start, before its first epoch."""
    csr = data.csr
    liked = [[i for i, v in row.items() if v > 0] for row in rows_of(csr, data.n_users)]
    adadelta = model.schedule == "adadelta"
    sides = [
        Side(start.vectors, rows_of(start.rows, len(start.ids)), adadelta, decay)
        for start, decay in zip(
            trainer.start(model, data, 0), (model.user_alpha, model.item_alpha), strict=True
        )
    ]
    pool = csr.indices if model.loss == "bpr" else np.unique(csr.indices)
    size = np.log1p(np.abs(csr.values)) if model.confidence == "log" else np.ones(csr.nnz)
    weights = np.sign(csr.values) * size / size.mean()
    how = trainer.kernel_settings(model, trainer.seed_of(model, 1), data.nnz)
    return Oracle((csr.row_of_entry, csr.indices, weights), liked, pool, *sides, how)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from(LOSSES),
    schedule=st.sampled_from(["adagrad", "adadelta"]),
    features=st.booleans(),
    confidence=st.sampled_from(["binary", "log"]),
)
def test_a_sequential_epoch_is_that_of_the_oracle(
    seed, loss, schedule, features, confidence
) -> None:
    data = random_interactions(14, 11, density=0.3, seed=seed, dislikes=0.2)
    data = tagged(data) if features else data
    model = Ranking(
        loss=loss, schedule=schedule, factors=5, batch=1, iterations=1, seed=seed, k=2, n=4,
        confidence=confidence, item_alpha=1e-3, user_alpha=1e-2, learning_rate=0.2,
    )  # fmt: skip
    slow = oracle_of(model, data)
    loss_of_oracle = slow.epoch()
    model.fit(data, track_loss=True)
    assert model.epochs[0].loss == pytest.approx(loss_of_oracle, rel=1e-3, abs=1e-4)
    for side, fast in ((slow.users, model._users), (slow.items, model._items)):
        np.testing.assert_allclose(fast.vectors, side.vectors, rtol=2e-3, atol=2e-4)
        np.testing.assert_allclose(fast.squares, side.squares, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("schedule", ["adagrad", "adadelta"])
def test_a_snapshot_is_of_a_training_that_ends_there(schedule) -> None:
    data = tagged(random_interactions(40, 30))
    check_snapshots(lambda: Ranking(factors=4, iterations=3, schedule=schedule), data)


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_bit(threads, loss, features) -> None:
    data = random_interactions(500, 200, density=0.25, seed=4, dislikes=0.1)
    data = tagged(data) if features else data
    one, other = (
        Ranking(loss=loss, factors=6, iterations=3, threads=n).fit(data, track_loss=True)
        for n in (1, threads)
    )
    np.testing.assert_array_equal(one.user_table, other.user_table)
    np.testing.assert_array_equal(one.item_table, other.item_table)
    assert [e.loss for e in one.epochs] == [e.loss for e in other.epochs]


def test_another_seed_is_another_model() -> None:
    data = random_interactions(30, 20, seed=1)
    one, other = (Ranking(factors=4, iterations=2, seed=seed).fit(data) for seed in (1, 2))
    assert not np.array_equal(one.item_factors, other.item_factors)


# --- it learns -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def plays(real_data) -> penchant.Split:
    path = real_data("lastfm-2k/user_artists.dat")
    plays = penchant.read_interactions(path, user="userID", item="artistID", value="weight")
    return leave_k_out(plays.threshold(10, 10), 5, seed=0)


@pytest.mark.parametrize("loss", ["warp", "bpr", "k-os-warp"])
def test_it_finds_what_people_will_play(plays, loss) -> None:
    how = {"metrics": ["precision", "auc"], "bootstrap": 0}
    popular = evaluate(penchant.Popularity().fit(plays.train), plays, **how)
    rate = {"k-os-warp": 0.02}.get(loss, 0.05)
    model = Ranking(loss=loss, factors=24, iterations=12, learning_rate=rate).fit(plays.train)
    found = evaluate(model, plays, **how)
    assert found["precision@10"] > 1.25 * popular["precision@10"]
    assert found["auc"] > popular["auc"]


def test_people_folded_in_get_lists_nearly_as_good(plays) -> None:
    model = Ranking(factors=24, iterations=12).fit(plays.train)
    how = {"metrics": ["precision"], "bootstrap": 0}
    own = evaluate(model, plays, **how)["precision@10"]
    X, Y = model.fold_in_users(plays.train), model.item_table
    folded = dataclasses.replace(plays)
    model._X = np.hstack([X, np.zeros((len(X), 1), np.float32)])
    assert evaluate(model, folded, **how)["precision@10"] > 0.85 * own
    assert np.array_equal(Y, model.item_table)


def taste(n_users=150, n_items=90, held_out=12) -> tuple[Interactions, list[int]]:
    """People like one of three kinds of items, and the last items of each kind nobody has met."""
    rng = np.random.default_rng(0)
    user, item = np.arange(n_users)[:, None], np.arange(n_items)
    likes = (user % 3 == item % 3) & (rng.random((n_users, n_items)) < 0.3)
    likes[:, n_items - held_out :] = False
    rows, columns = np.nonzero(likes)
    indptr = np.concatenate([[0], np.cumsum(likes.sum(axis=1))]).astype(np.int64)
    csr = Csr(indptr, columns.astype(np.int32), np.ones(len(rows), np.float32), n_items)
    data = Interactions(csr, IdMap.range(n_users, "user"), IdMap.range(n_items, "item"))
    kinds = Features.of({code: [f"kind {code % 3}"] for code in range(n_items)})
    groups = Features.of({code: [f"group {code % 3}"] for code in range(n_users)}, kind="user")
    data = data.with_item_features(kinds).with_user_features(groups)
    return data, list(range(n_items - held_out, n_items))


@pytest.mark.parametrize("loss", ["warp", "bpr", "k-os-warp"])
def test_items_nobody_has_met_are_known_by_their_features(loss) -> None:
    data, new = taste()
    model = Ranking(loss=loss, factors=8, iterations=20).fit(data)
    for user in (0, 1, 2):
        best = model.recommend(user, k=4, allow=new).ids
        assert {item % 3 for item in best} == {user}
        described = {f"new {kind}": [f"kind {kind}"] for kind in range(3)}
        answer = model.recommend(user, k=1, item_features=described)
        assert list(answer.ids) == [f"new {user}"]


def test_people_without_a_past_are_known_by_their_features() -> None:
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
    nobody = Csr(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 90)
    others = Interactions(nobody, IdMap([500, 501], "user"), data.items)
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


def test_weights_by_value_pull_harder() -> None:
    data, _ = taste(held_out=0)
    heavy = data.csr.values * np.where(data.csr.indices == 3, np.float32(30), np.float32(1))
    data = dataclasses.replace(data, csr=dataclasses.replace(data.csr, values=heavy))
    plain, weighed = (
        Ranking(loss="bpr", factors=4, iterations=5, confidence=c).fit(data).item_biases
        for c in ("binary", "linear")
    )
    assert np.argsort(-weighed).tolist().index(3) < np.argsort(-plain).tolist().index(3)


# --- training on, files ------------------------------------------------------------------


def test_training_on_is_training_longer() -> None:
    data = tagged(random_interactions(40, 25, seed=2, dislikes=0.1))
    long = Ranking(factors=5, iterations=5).fit(data)
    short = Ranking(factors=5, iterations=2).fit(data).partial_fit(iterations=3)
    np.testing.assert_array_equal(long.user_table, short.user_table)
    np.testing.assert_array_equal(long.item_table, short.item_table)
    assert [epoch.number for epoch in short.epochs] == [1, 2, 3, 4, 5]


def test_training_on_with_others_keeps_what_is_known_by_id_and_name() -> None:
    data = tagged(random_interactions(40, 25, seed=2))
    model = Ranking(factors=5, iterations=3).fit(data)
    fewer = data.select(data.csr.indices > 4)
    kept = fewer.items.ids if hasattr(fewer.items, "ids") else list(fewer.items)
    before = {item: model.item_table[model.items.code(item)] for item in kept}
    model.partial_fit(dataclasses.replace(fewer, item_features=None, user_features=None))
    assert model.interactions.item_features is not None
    far = [np.abs(model.item_table[model.items.code(i)] - before[i]).max() for i in kept]
    assert max(far) < 0.5
    with pytest.raises(DataError, match="one type"):
        model.partial_fit(taste()[0])


@pytest.mark.parametrize("schedule", ["adagrad", "adadelta"])
def test_a_saved_model_trains_on_as_if_it_had_not_been(tmp_path, schedule) -> None:
    data = tagged(random_interactions(40, 25, seed=2))
    model = Ranking(factors=5, iterations=2, schedule=schedule).fit(data)
    back = penchant.load(model.save(tmp_path / "m.penchant"))
    for one in (model, back):
        one.partial_fit(iterations=2)
    np.testing.assert_array_equal(back.item_table, model.item_table)
    new = {"x": ["t1", "s0"]}
    np.testing.assert_array_equal(
        back.recommend("u0003", item_features=new).scores,
        model.recommend("u0003", item_features=new).scores,
    )


# --- edges ---------------------------------------------------------------------------


def test_who_has_no_interactions_adds_nothing() -> None:
    data = random_interactions(12, 9, seed=0)
    less = data.select((data.csr.row_of_entry != 3) & (data.csr.indices != 2))
    if len(less.items) < 9:  # select may drop what is empty
        pytest.skip("empty rows are dropped")
    model = Ranking(factors=4, iterations=3).fit(less)
    assert not model.user_table[3].any()
    assert not model.item_table[2].any()


def test_on_epoch_sees_the_vectors_and_can_end_the_training() -> None:
    data = random_interactions(30, 20, seed=1)
    seen = []
    model = Ranking(factors=4, iterations=9)

    def on_epoch(epoch) -> bool:
        seen.append((epoch.number, model.item_factors.copy()))
        return epoch.number == 3

    model.fit(data, on_epoch=on_epoch, track_loss=True)
    assert [number for number, _ in seen] == [1, 2, 3]
    np.testing.assert_array_equal(seen[-1][1], model.item_factors)
    assert len(model.epochs) == 3
    assert all(epoch.loss > 0 for epoch in model.epochs)


def test_hogwild_learns_too() -> None:
    data, _ = taste(held_out=0)
    model = Ranking(factors=8, iterations=20, hogwild=True, threads=3).fit(data)
    assert {item % 3 for item in model.recommend(1, k=5, exclude_seen=False).ids} == {1}


def test_ctrl_c_leaves_the_last_whole_epoch() -> None:
    data = random_interactions(3000, 800, density=0.1, seed=0)
    model = Ranking(factors=64, iterations=100000, threads=2)
    timer = threading.Timer(0.0, os.kill, (os.getpid(), signal.SIGINT))
    kept = []

    def on_epoch(epoch) -> None:
        kept.append(model.item_factors.copy())
        if epoch.number == 1:
            timer.start()

    with pytest.raises(KeyboardInterrupt):
        model.fit(data, on_epoch=on_epoch)
    timer.join()
    np.testing.assert_array_equal(model.item_factors, kept[-1])
    assert len(model.recommend("u0001")) == 10


def test_a_learning_rate_out_of_all_bounds_is_told() -> None:
    with pytest.raises(SettingsError, match="lower the learning rate"):
        Ranking(learning_rate=1e30, loss="logistic", iterations=4).fit(random_interactions(20, 9))


def test_somebody_who_likes_everything() -> None:
    data = Interactions.from_scipy(np.ones((4, 6), np.float32))
    for loss in LOSSES:
        model = Ranking(loss=loss, factors=3, iterations=3).fit(data)
        assert np.isfinite(model.item_table).all()
        assert len(model.recommend(0, exclude_seen=False)) == 6


def test_likes_alone_are_not_enough_for_the_logistic_loss(caplog) -> None:
    Ranking(loss="logistic", factors=3, iterations=1).fit(random_interactions(9, 8))
    assert "no dislikes" in caplog.text


def test_values_at_the_edges_of_the_number_range() -> None:
    data = random_interactions(20, 12, seed=3, dislikes=0.2)
    for size in (1e-38, 3e38):
        csr = dataclasses.replace(data.csr, values=np.sign(data.csr.values) * np.float32(size))
        for confidence in ("linear", "log"):
            model = Ranking(factors=3, iterations=2, confidence=confidence)
            model.fit(dataclasses.replace(data, csr=csr))
            assert np.isfinite(model.item_table).all()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"loss": "hinge"}, "loss must be one of"),
        ({"factors": 0}, "factors"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"schedule": "adam"}, "schedule"),
        ({"rho": 1.5}, "rho"),
        ({"epsilon": 0}, "epsilon"),
        ({"item_alpha": -1}, "item_alpha"),
        ({"user_alpha": float("nan")}, "user_alpha"),
        ({"k": 11}, "k must be 10 or less"),
        ({"n": 0}, "n must be 1"),
        ({"max_sampled": 0}, "max_sampled"),
        ({"confidence": "sqrt"}, "confidence"),
        ({"identity": 1}, "identity must be True or False"),
        ({"feature_norm": "max"}, "feature_norm"),
        ({"batch": 0}, "batch"),
        ({"iterations": 0}, "iterations"),
        ({"seed": -1}, "seed"),
        ({"hogwild": "yes"}, "hogwild"),
    ],
)
def test_settings_out_of_range(wrong, told) -> None:
    with pytest.raises(SettingsError, match=told):
        Ranking(**wrong)


def test_features_that_are_none() -> None:
    bare = Ranking(factors=3, iterations=1).fit(random_interactions(9, 8))
    with pytest.raises(UnsupportedError, match="with_item_features"):
        bare.recommend("u0001", item_features={"x": ["t0"]})
    with pytest.raises(UnsupportedError, match="with_user_features"):
        bare.recommend(user_features=["g0"])
    model = Ranking(factors=3, iterations=1).fit(tagged(random_interactions(9, 8)))
    for wrong in ("t0", 3, ["t0"]):
        with pytest.raises(DataError, match="mapping item → features"):
            model.recommend("u0001", item_features=wrong)
    with pytest.raises(DataError, match="user_features are"):
        model.recommend(user_features="g0")
    with pytest.raises(SettingsError, match="name no users"):
        model.recommend("u0001", user_features=["g0"])
    with pytest.raises(DataError, match="features of 1 people for 2 histories"):
        model.recommend(user_features=["g0"], history=[["i0001"], ["i0002"]])
    with pytest.raises(UnknownIdError):
        model.recommend(user_features=["g0"], history=["nothing"])
    with pytest.raises(DataError, match="need features"):
        Ranking(identity=False).fit(random_interactions(9, 8))


def test_unknown_features_are_counted_and_passed_over(caplog) -> None:
    model = Ranking(factors=3, iterations=2).fit(tagged(random_interactions(9, 8)))
    known, both = (model.item_vectors([row])[0] for row in ({"t1": 1.0}, {"t1": 1.0, "never": 9.0}))
    np.testing.assert_array_equal(known, both)
    assert "unknown features are ignored: 'never'" in caplog.text


def test_tables_that_are_not_of_one_side_are_refused() -> None:
    table = _kernels.ranking_table(np.zeros((3, 4), np.float32), 0)
    side = _kernels.Learned(table, table, None, None, 0.0)
    how = trainer.kernel_settings(Ranking(factors=3), 1, 16)
    one = np.zeros(1, np.int32), np.full(1, 9, np.int32), np.ones(1, np.float32)
    likes = np.array([0, 0, 0, 0]), np.empty(0, np.int32)
    pool = np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="items must lie in"):
        _kernels.ranking_epoch(one, likes, pool, side, side, how, threads=1)
    short = side._replace(squares=table[:2])
    fine = (one[0], one[0], one[2])
    with pytest.raises(ValueError, match="one shape"):
        _kernels.ranking_epoch(fine, likes, pool, side, short, how, threads=1)
