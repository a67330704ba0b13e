"""Ranking: further training, files, interruption, edges and settings."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.models.contract import check_snapshots
from tests.models.ranking.examples import LOSSES, tagged, taste

import penchant
from penchant import Ranking
from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError, UnknownIdError, UnsupportedError


@pytest.mark.parametrize("schedule", ["adagrad", "adadelta"])
def test_a_snapshot_is_of_a_training_that_ends_there(schedule) -> None:
    data = tagged(random_interactions(40, 30))
    check_snapshots(lambda: Ranking(factors=4, iterations=3, schedule=schedule), data)


def test_partial_fit_continues_where_fit_stopped() -> None:
    data = tagged(random_interactions(40, 25, seed=2, dislikes=0.1))
    long = Ranking(factors=5, iterations=5).fit(data)
    short = Ranking(factors=5, iterations=2).fit(data).partial_fit(iterations=3)
    np.testing.assert_array_equal(long.user_table, short.user_table)
    np.testing.assert_array_equal(long.item_table, short.item_table)
    assert [epoch.number for epoch in short.epochs] == [1, 2, 3, 4, 5]


def test_partial_fit_matches_users_items_and_features_by_name() -> None:
    data = tagged(random_interactions(40, 25, seed=2))
    model = Ranking(factors=5, iterations=3).fit(data)
    fewer = data.select(data.csr.indices > 4)
    kept = list(fewer.items)
    before = {item: model.item_table[model.items.code(item)] for item in kept}
    model.partial_fit(dataclasses.replace(fewer, item_features=None, user_features=None))
    assert model.interactions.item_features is not None
    far = [np.abs(model.item_table[model.items.code(i)] - before[i]).max() for i in kept]
    assert max(far) < 0.5
    with pytest.raises(DataError, match="one type"):
        model.partial_fit(taste()[0])


@pytest.mark.parametrize("schedule", ["adagrad", "adadelta"])
def test_a_loaded_model_continues_as_the_saved_one(tmp_path, schedule) -> None:
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


def test_users_and_items_without_interactions_have_zero_vectors() -> None:
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


def test_a_learning_rate_that_diverges_is_refused() -> None:
    with pytest.raises(SettingsError, match="lower the learning rate"):
        Ranking(learning_rate=1e30, loss="logistic", iterations=4).fit(random_interactions(20, 9))


def test_users_who_like_everything() -> None:
    data = Interactions.from_scipy(np.ones((4, 6), np.float32))
    for loss in LOSSES:
        model = Ranking(loss=loss, factors=3, iterations=3).fit(data)
        assert np.isfinite(model.item_table).all()
        assert len(model.recommend(0, exclude_seen=False)) == 6


def test_the_logistic_loss_needs_dislikes_or_sampled_negatives(caplog) -> None:
    Ranking(loss="logistic", factors=3, iterations=1).fit(random_interactions(9, 8))
    assert "no dislikes" not in caplog.text
    model = Ranking(loss="logistic", negatives=0, factors=3, iterations=1)
    model.fit(random_interactions(9, 8))
    assert "holds no dislikes: the logistic loss needs them, or negatives of 1" in caplog.text


def test_only_the_logistic_loss_draws_negatives_by_number() -> None:
    data = random_interactions(30, 20, seed=1, dislikes=0.2)
    for loss in LOSSES:
        few, many = (
            Ranking(loss=loss, factors=3, iterations=2, negatives=n).fit(data).item_table
            for n in (1, 7)
        )
        assert np.array_equal(few, many) == (loss != "logistic")


def test_a_user_with_dislikes_alone_learns_from_them() -> None:
    data = penchant.read_interactions([("u", "a", -1), ("v", "a", 1), ("v", "b", 1)])
    model = Ranking(loss="logistic", negatives=2, factors=2, iterations=50).fit(data)
    assert model.user_biases[0] < model.user_biases[1]
    folded = model.recommend(history={"a": -1.0}, exclude_seen=False)
    assert np.isfinite(folded.scores).all()


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
        ({"negatives": -1}, "negatives must be 0 or more"),
        ({"negatives": 2.5}, "negatives must be a whole number"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"schedule": "adam"}, "schedule"),
        ({"rho": 1.5}, "rho"),
        ({"epsilon": 0}, "epsilon"),
        ({"item_regularization": -1}, "item_regularization"),
        ({"user_regularization": float("nan")}, "user_regularization"),
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


def test_features_that_are_refused() -> None:
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


def test_unknown_features_are_counted_and_ignored(caplog) -> None:
    model = Ranking(factors=3, iterations=2).fit(tagged(random_interactions(9, 8)))
    known, both = (model.item_vectors([row])[0] for row in ({"t1": 1.0}, {"t1": 1.0, "never": 9.0}))
    np.testing.assert_array_equal(known, both)
    assert "unknown features are ignored: 'never'" in caplog.text
