"""Evaluation by the tasks of a cluster: the numbers of an evaluation in this process."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines.serial import SerialExecutor

import penchant
from penchant import ALS, split
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DataError, SettingsError
from penchant.evaluation import on_cluster
from penchant.evaluation.measure import Measure

DATA = random_interactions(90, 40, seed=5, dislikes=0.1)
EVERYTHING = ["ndcg@5", "recall@3", "precision", "map", "mrr", "hit_rate", "coverage", "novelty"]
RANKED = ["auc", "percentile_rank"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_cluster, "_LEAST", 7)
    monkeypatch.setattr(on_cluster, "_BLOCKS", 9)


def assert_same(there: penchant.Evaluation, here: penchant.Evaluation) -> None:
    np.testing.assert_equal(there.figures, here.figures)  # bit for bit; NaN equals NaN
    np.testing.assert_equal(there.intervals, here.intervals)
    for name, values in (here.per_user or {}).items():
        np.testing.assert_array_equal(there.per_user[name], values)


@pytest.mark.parametrize(
    "held_out",
    [
        split.random_fraction(DATA, 0.3, seed=1),
        split.held_out_users(DATA, 0.3, seed=1),
        split.cold_items(DATA, 0.2, seed=1),
        split.sample_negatives(split.random_fraction(DATA, 0.3, seed=1), 9, seed=1),
    ],
    ids=lambda held_out: held_out.kind,
)
@pytest.mark.parametrize("kind", ["als", "item-neighbors", "ease", "popularity"])
def test_the_numbers_are_those_of_one_process(held_out, kind) -> None:
    settings = {"factors": 4, "iterations": 2} if kind == "als" else {}
    model = penchant.models.class_of(kind)(**settings).fit(held_out.train)
    executor = SerialExecutor()
    calls: list[object] = []
    run = executor._run
    executor._run = lambda *task: calls.append(task) or run(*task)
    options = {"k": 5, "metrics": EVERYTHING + RANKED, "per_user": True, "bootstrap": 50}
    there = penchant.evaluate(model, held_out, engine=Cluster(executor), **options)
    assert_same(there, penchant.evaluate(model, held_out, **options))
    if held_out.kind != "cold_items" or model.scores_cold_items:
        assert len(calls) > 5


def test_squared_errors_are_equal_up_to_rounding() -> None:
    held_out = split.random_fraction(DATA, 0.3, seed=1)
    model = ALS(factors=4, iterations=2).fit(held_out.train)
    engine = Cluster(SerialExecutor())
    there = penchant.evaluate(model, held_out, metrics="mse", engine=engine)
    here = penchant.evaluate(model, held_out, metrics="mse")
    assert there.figures["mse"] == pytest.approx(here.figures["mse"], rel=1e-12)


def test_both_parts_and_models_without_their_interactions(tmp_path) -> None:
    held_out = split.random_fraction(DATA, 0.3, seed=1)
    model = ALS(factors=4, iterations=2).fit(held_out.train)
    loaded = penchant.load(model.save(tmp_path / "m.penchant", interactions="seen"))
    there = Measure(held_out, bootstrap=0, engine=Cluster(SerialExecutor()))(loaded)
    here = Measure(held_out, bootstrap=0)(model)
    for part in ("train", "test"):
        assert_same(there[part], here[part])


def test_nothing_is_left_in_the_folder() -> None:
    held_out = split.random_fraction(DATA, 0.3, seed=1)
    model = ALS(factors=4, iterations=2).fit(held_out.train)
    engine = Cluster(SerialExecutor())
    before = _names(engine)
    penchant.evaluate(model, held_out, engine=engine)
    assert _names(engine) == before


def _names(engine: Cluster) -> set[str]:
    from penchant.data.disk.storage import storage_of

    return set(storage_of(engine.shared_folder).sizes())


def test_what_a_cluster_does_not_take() -> None:
    held_out = split.random_fraction(DATA, 0.3, seed=1)
    model = ALS(factors=4, iterations=2).fit(held_out.train)
    with pytest.raises(SettingsError, match="engine= is a cluster"):
        penchant.evaluate(model, held_out, engine=penchant.engines.LocalEngine())

    class Own:
        def scorer(self, interactions):
            return model.scorer(interactions)

    assert dataclasses.is_dataclass(model)
    with pytest.raises(DataError, match="a model of penchant is needed"):
        penchant.evaluate(Own(), held_out, engine=Cluster(SerialExecutor()))
