"""The benchmark of automatic selection: what it gives to the selection, and what it repeats."""

from __future__ import annotations

import argparse
import subprocess

import pytest
from benchmarks.quality import data, results
from tests.conftest import random_interactions

import penchant
from benchmarks import auto_selection

LABEL = {"dataset": "made", "features": False, "part": "test", "budget": 0.5, "seed": 0}


@pytest.fixture(autouse=True)
def made(monkeypatch):
    likes = random_interactions(60, 40, density=0.3, seed=1)
    monkeypatch.setitem(data.READERS, "made", lambda _: likes)
    return likes


@pytest.mark.parametrize("part", ["test", "validation"])
def test_the_selection_gets_the_training_part_only(made, part, tmp_path, monkeypatch) -> None:
    split = data.splits(made)[part == "validation"]
    got = []
    tune = penchant.tune

    def spied(likes, **options):
        got.append(likes)
        return tune(likes, **{**options, "models": ["popularity", "item-neighbors"]})

    monkeypatch.setattr(penchant, "tune", spied)
    row = auto_selection.measure({**LABEL, "part": part}, tmp_path)
    (likes,) = got
    assert (likes.to_scipy() != split.train.to_scipy()).nnz == 0
    if row["chosen"] != "blend":
        kinds = {"ItemNeighbors": penchant.ItemNeighbors, "Popularity": penchant.Popularity}
        model = eval(row["model"], kinds).fit(split.train)
        own = penchant.evaluate(model, split, metrics=data.METRICS[0])
        assert row["metrics"]["ndcg@10"][0] == pytest.approx(own["ndcg@10"], rel=1e-3)
    assert row["tried"] >= 2
    assert {item[0] for item in row["attempts"]} <= {"popularity", "item-neighbors", "blend"}


def test_data_sets_with_a_row_are_not_repeated(tmp_path, monkeypatch) -> None:
    started = []

    def spied(command, **_):
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(auto_selection.subprocess, "run", spied)
    out = tmp_path / "auto.jsonl"
    options = argparse.Namespace(
        data=tmp_path, out=out, datasets=["made"], budget=0.5, without_features=True,
        part="test", seed=0,
    )  # fmt: skip
    auto_selection.run(options)
    assert len(started) == 1
    results.append(out, {**LABEL, "metrics": {}})
    auto_selection.run(options)
    assert len(started) == 1
    options.budget = 1.0
    auto_selection.run(options)
    assert len(started) == 2
