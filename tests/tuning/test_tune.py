"""Tuning runs: comparison, storage, refusals and the final split."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import pytest
from tests.conftest import random_interactions

import penchant
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, EmptyDataError, SettingsError
from penchant.tuning.worker import Progress

SPACE = {"factors": [2, 6], "alpha": [1.0, 8.0], "threads": 1}


@pytest.fixture(scope="module")
def data() -> Interactions:
    return random_interactions(80, 50)


@pytest.fixture(scope="module")
def final(data) -> penchant.Split:
    return penchant.split.leave_k_out(data, 2)


@pytest.fixture(scope="module")
def split(final) -> penchant.Split:
    return penchant.split.leave_k_out(final.train, 2, seed=1)


def tune(split, space=SPACE, model=penchant.ALS, **how) -> penchant.TuningResult:
    return penchant.tune(model, space, split, **{"storage": None, "epochs": [1, 3], **how})


def test_every_trial_is_the_learning_curve_of_its_settings(split) -> None:
    found = tune(split, metrics=["mse"])
    assert [trial.number for trial in found.trials] == [0, 1, 2, 3]
    for trial in found.trials:
        curve = penchant.learning_curve(
            penchant.ALS(**trial.settings), split, [1, 3], ["ndcg@10", "mse"], verbose=False
        )
        assert [(row.train, row.test) for row in trial.curve.rows] == [
            (row.train, row.test) for row in curve.rows
        ]
        assert (trial.best_epoch, trial.value) == (
            curve.best().epoch,
            curve.best().test["ndcg@10"],
        )
    assert found.best.value == max(trial.value for trial in found.trials)
    assert found.ranked[0] is found.best


def test_lower_may_be_better(split) -> None:
    found = tune(split, metric="mse")
    assert found.better == "lower"
    assert found.best.value == min(trial.value for trial in found.trials)


def test_the_best_settings_make_the_model(split, data) -> None:
    found = tune(split)
    assert found.settings == {
        "threads": 1,
        **found.best.settings,
        "iterations": found.best.best_epoch,
    }
    again = penchant.ALS(**found.settings).fit(split.train)
    measured = penchant.evaluate(again, split, bootstrap=0)
    assert measured["ndcg@10"] == pytest.approx(found.best.value)
    assert found.refit(data).interactions is data


@pytest.mark.parametrize(
    ("model", "space"),
    [
        (penchant.Popularity, {"threads": [1, 2]}),
        (penchant.Random, {"seed": [1, 2]}),
        (penchant.ItemNeighbors, {"similarity": ["cosine", "bm25"], "neighbors": [5, 20]}),
        (penchant.EASE, {"regularization": [10.0, 100.0]}),
        (penchant.GraphFilter, {"factors": [4, 8], "low_pass": [0.25, 1.0]}),
        (penchant.SLIM, {"l1": [0.1, 1.0], "l2": [5.0, 50.0]}),
        (penchant.PureSVD, {"factors": [4, 8]}),
    ],
)
def test_models_without_epochs(split, data, model, space) -> None:
    found = tune(split, space, model)
    assert {trial.best_epoch for trial in found.trials} == {1}
    assert "iterations" not in found.settings
    assert found.refit(data).recommend(data.users[0])


def test_means_over_several_splits(final) -> None:
    splits = [penchant.split.leave_k_out(final.train, 2, seed=seed) for seed in (1, 2, 3)]
    alone = [tune(one) for one in splits]
    found = tune(splits)
    for number, trial in enumerate(found.trials):
        for place, row in enumerate(trial.curve.rows):
            each = [one.trials[number].curve.rows[place].test["ndcg@10"] for one in alone]
            assert row.test["ndcg@10"] == pytest.approx(sum(each) / 3)
    assert "mean over 3 tuning splits" in str(found)


def test_the_final_split_is_measured_once_with_the_best_and_the_defaults(
    split, final, tmp_path, caplog
) -> None:
    found = tune(split, final=final, storage=tmp_path / "s.db")
    assert found.final is not None
    best = penchant.ALS(**found.settings).fit(final.train)
    measured = penchant.evaluate(best, final, metrics=["ndcg"])
    assert found.final["best settings"]["ndcg@10"] == measured["ndcg@10"]
    assert found.final["best settings"].interval("ndcg") == measured.interval("ndcg")
    default = penchant.evaluate(penchant.ALS().fit(final.train), final, metrics=["ndcg"])
    assert found.final["defaults"]["ndcg"] == default["ndcg"]
    with caplog.at_level(logging.INFO):
        again = tune(split, final=final, storage=tmp_path / "s.db")
    assert caplog.text == ""  # nothing was trained or measured
    assert {k: v.to_dict() for k, v in again.final.items()} == {
        k: v.to_dict() for k, v in found.final.items()
    }
    assert "took no part in tuning" in str(again)


def test_a_final_split_that_overlaps_is_refused(data, final, split) -> None:
    with pytest.raises(SettingsError, match="the tuning splits contain"):
        tune(penchant.split.leave_k_out(data, 2, seed=5), final=final)
    with pytest.raises(SettingsError, match="the tuning splits contain"):
        tune(final, final=final)
    tune(split, final=final)
    strangers = penchant.split.held_out_users(data, 0.2)
    tune(penchant.split.leave_k_out(strangers.train, 2), final=strangers)


def test_a_failure_is_recorded_and_tuning_continues(split, caplog) -> None:
    found = tune(split, {"regularization": [0.1, -1.0], "factors": 2, "threads": 1})
    states = {trial.settings["regularization"]: trial for trial in found.trials}
    failed = states[-1.0]
    assert (failed.state, states[0.1].state) == ("failed", "complete")
    assert "regularization must be" in failed.message
    assert math.isnan(failed.value)
    assert "failed: SettingsError" in caplog.text
    assert "1 failed" in str(found)
    none = tune(split, {"regularization": [-1.0]})
    with pytest.raises(DataError, match="none of 1 trials has a value; trial 0: SettingsError"):
        none.best  # noqa: B018


def test_what_is_no_fault_of_the_settings_is_not_recorded_as_theirs(split, tmp_path) -> None:
    def broken(now: Progress) -> None:
        if now.row is not None and now.finished == 1:
            raise ValueError("a slip of the caller's own")

    with pytest.raises(ValueError, match="slip"):
        tune(split, storage=tmp_path / "s.db", on_progress=broken)
    found = tune(split, storage=tmp_path / "s.db")
    assert {trial.state for trial in found.trials} == {"complete"}
    assert len(found.trials) == 4


def test_a_split_with_nothing_to_find_is_refused_at_once(split, tmp_path) -> None:
    nothing = penchant.Split(split.train, split.test.select(split.test.csr.values > 1e9))
    with pytest.raises(EmptyDataError, match="nothing to evaluate"):
        tune(nothing)


@pytest.mark.parametrize(
    ("model", "space"),
    [
        (penchant.ALS, {"confidence": ["linear", "log", "binary"], "factors": [2, 3]}),
        (penchant.HybridALS, {"confidence": ["log"], "factors": [2, 3, 4]}),
        (penchant.ItemNeighbors, {"neighbors": [5, 10, 20]}),
    ],
)
def test_what_is_trained_on_is_turned_once_for_all_trials(final, monkeypatch, model, space) -> None:
    splits = [penchant.split.leave_k_out(final.train, 2, seed=seed) for seed in (1, 2)]
    of = {id(split.train.csr.indices): 0 for split in splits}
    transpose = Csr.transpose

    def counted(self: Csr) -> Csr:
        if id(self.indices) in of:
            of[id(self.indices)] += 1
        return transpose(self)

    monkeypatch.setattr(Csr, "transpose", counted)
    tune(splits, space, model)
    assert list(of.values()) == [1, 1]


def test_finished_trials_are_not_done_again(split, tmp_path) -> None:
    told: list[Progress] = []
    first = tune(split, storage=f"sqlite:///{tmp_path}/s.db", trials=3, on_progress=told.append)
    assert (len(first.trials), told[-1].finished, told[-1].total) == (3, 3, 3)
    told.clear()
    whole = tune(split, storage=tmp_path / "s.db", on_progress=told.append)
    assert [now.ended.number for now in told if now.ended] == [3]
    assert [trial.value for trial in whole.trials[:3]] == [trial.value for trial in first.trials]


def test_the_same_settings_are_tried_once(split) -> None:
    told: list[Progress] = []
    found = tune(split, sampler="random", trials=20, prune=False, on_progress=told.append)
    assert len(found.trials) == 20
    rows = [now for now in told if now.row is not None]
    assert len(rows) == 2 * len({tuple(one.settings.values()) for one in found.trials}) == 8


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_ranges(split, sampler) -> None:
    space = {"factors": (2, 6), "alpha": (0.1, 50, "log"), "confidence": ["linear", "log"]}
    one, two, other = (
        tune(split, space, sampler=sampler, trials=14, seed=seed, epochs=[2]) for seed in (0, 0, 1)
    )
    drawn = [trial.settings for trial in one.trials]
    assert drawn == [trial.settings for trial in two.trials]
    assert drawn != [trial.settings for trial in other.trials]


def test_pairs_and_nothing_are_settings_too(split, tmp_path) -> None:
    space = {"regularization": [0.1, (0.1, 5.0)], "threads": [None], "factors": [3]}
    for _ in range(2):
        found = tune(split, space, storage=tmp_path / "s.db")
        tried = [trial.settings["regularization"] for trial in found.trials]
        assert sorted(map(str, tried)) == ["(0.1, 5.0)", "0.1"]


def test_pruning_gives_up_what_is_worse_than_the_median(split) -> None:
    space = {"factors": (1, 12), "alpha": (0.1, 500, "log")}
    found = tune(split, space, sampler="random", trials=16, epochs=4)
    states = [trial.state for trial in found.trials]
    assert states[:5] == ["complete"] * 5
    assert "pruned" in states
    short = next(trial for trial in found.trials if trial.state == "pruned")
    assert len(short.curve) < 4
    whole = tune(split, space, sampler="random", trials=16, epochs=4, prune=False)
    assert {trial.state for trial in whole.trials} == {"complete"}
    assert {trial.state for trial in tune(split).trials} == {"complete"}  # a grid


def test_patience_ends_trials(split) -> None:
    found = tune(split, {"factors": [20], "alpha": [40.0]}, epochs=30, patience=2)
    (trial,) = found.trials
    assert len(trial.curve) == trial.best_epoch + 2 < 30


def test_time_that_is_up_leaves_the_rest_for_later(split, tmp_path) -> None:
    some = tune(split, storage=tmp_path / "s.db", timeout=1e-9)
    assert (some.about["stopped"], some.about["unfinished"], some.trials) == ("timeout", 4, ())
    assert tune(split, storage=tmp_path / "s.db", timeout=600).about["unfinished"] == 0


def test_ctrl_c_stops_with_what_is_there(split, tmp_path) -> None:
    def stop(now: Progress) -> None:
        if now.finished == 2 and now.row is not None:
            raise KeyboardInterrupt

    found = tune(split, storage=tmp_path / "s.db", on_progress=stop)
    assert (found.about["stopped"], len(found.trials)) == ("interrupted", 2)
    whole = tune(split, storage=tmp_path / "s.db")
    assert [trial.number for trial in whole.trials] == [0, 1, 2, 3]
    assert whole.best.settings == tune(split).best.settings


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"metric": "recall@5"}, "metrics is"),
        ({"epochs": [2]}, "epochs is"),
        ({"space": {"factors": [3]}}, "space is"),
        ({"seed": 1}, "seed is"),
        ({"other": True}, "other data or splits"),
    ],
)
def test_a_different_run_of_the_same_name_is_refused(final, split, tmp_path, changed, told) -> None:
    storage = tmp_path / "s.db"
    tune(split, storage=storage, trials=1)
    where = penchant.split.leave_k_out(final.train, 2, seed=9) if changed.pop("other", 0) else split
    with pytest.raises(SettingsError, match=told):
        tune(where, storage=storage, **changed)
    tune(where, storage=storage, name="another", **changed)
    tune(where, storage=storage, resume=False, **changed)


def test_invalid_storages_are_refused(split, tmp_path) -> None:
    for bad in ("postgresql://host/db", tmp_path, tmp_path / "no" / "s.db"):
        with pytest.raises(SettingsError):
            tune(split, storage=bad)
    text = tmp_path / "text.db"
    text.write_text("no database at all, " * 50, encoding="utf-8")
    with pytest.raises(DataError, match="can't store trials in"):
        tune(split, storage=text)


def test_a_second_run_on_an_open_storage_is_refused(split, tmp_path) -> None:
    refused = []

    def again(_: Progress) -> None:
        with pytest.raises(SettingsError, match="already"):
            tune(split, storage=tmp_path / "s.db")
        refused.append(True)

    tune(split, storage=tmp_path / "s.db", trials=1, on_progress=again)
    assert refused


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"model": penchant.ALS()}, "takes the class of a model: penchant.ALS"),
        ({"sampler": "annealing"}, "sampler must be one of"),
        ({"sampler": "tpe"}, "has no end of its own"),
        ({"trials": 0}, "trials must be 1 or more"),
        ({"timeout": -1}, "timeout must be"),
        ({"metric": "ndgc"}, "metric must be one of"),
        ({"metric": "novelty"}, "neither a higher nor a lower"),
        ({"patience": 0}, "patience must be"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_arguments_out_of_range(split, how, told) -> None:
    with pytest.raises(SettingsError, match=told):
        tune(split, **how)
    with pytest.raises(DataError, match="Split is needed"):
        tune(split.train)


def test_it_becomes_a_frame_and_a_table(split) -> None:
    found = tune(split)
    frame = found.to_pandas()
    names = ["number", "state", "factors", "alpha", "epoch", "ndcg@10", "seconds"]
    assert list(frame.columns) == names
    assert frame["ndcg@10"].max() == found.best.value
    assert "chosen by ndcg@10" in str(found)


def test_progress_estimates_the_remaining_time(split) -> None:
    told: list[Progress] = []
    tune(split, on_progress=told.append)
    assert told[0].left is None
    known = [now.left for now in told if now.left is not None]
    assert known[-1] == 0
    assert all(left >= 0 for left in known)
    assert told[1].left is not None  # after the first epoch measured
    assert [now.ended is not None for now in told].count(True) == 4


def test_nothing_is_left_beside_the_storage_but_its_lock(split, tmp_path: Path) -> None:
    tune(split, storage=tmp_path / "s.db")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["s.db", "s.db.lock"]


def test_the_defaults_keep_the_settings_that_all_trials_share(caplog) -> None:
    rows = [(n % 40, n * n % 31, 1e7 if n == 0 else 1.0) for n in range(400)]
    plays = penchant.read_interactions(rows)  # a warning under the linear confidence
    final = penchant.split.leave_k_out(plays, 2)
    space = {"factors": [2, 3], "confidence": "log"}
    found = tune(penchant.split.leave_k_out(final.train, 2, seed=1), space, final=final)
    assert found.final is not None
    baseline = penchant.ALS(confidence="log").fit(final.train)
    expected = penchant.evaluate(baseline, final, metrics=["ndcg"])
    assert found.final["defaults"]["ndcg"] == expected["ndcg"]
    assert "linear confidence" not in caplog.text
