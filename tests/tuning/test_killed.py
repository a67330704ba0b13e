"""Searches that are killed, in the midst of anything, and go on."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.tuning.killed import HOW, SPACE, go, splits

import tacit
from tacit.data.interactions import Interactions
from tacit.tuning.results import SearchResult

POINTS = 30


@pytest.fixture(scope="module")
def plays(real_data) -> Interactions:
    folder = real_data("lastfm-2k/user_artists.dat").parent
    return tacit.datasets.load("lastfm-2k", path=folder).threshold(20, 20)


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.tuning.killed", "tacit.tuning.worker", "scipy.linalg", "tacit.models.als"]
    )
    return context


def resumed(storage: Path | None, data: Interactions, **how) -> SearchResult:
    split, final = splits(data)
    return tacit.search(tacit.ALS, SPACE, split, storage=storage, final=final, **{**HOW, **how})


def table(result: SearchResult) -> dict:
    """All but times, which are never the same."""
    curves = [[(row.epoch, row.train, row.test) for row in one.curve.rows] for one in result.trials]
    return {
        "trials": [(one.number, one.settings, one.state, one.value) for one in result.trials],
        "best": (result.settings, result.best.number),
        "final": {label: one.to_dict()["metrics"] for label, one in (result.final or {}).items()},
        "curves": curves,
    }


def killed_often(processes, storage: Path, data: Interactions, times: int, **how) -> int:
    """Kill a search again and again, each at some moment; how many were still at work."""
    rng = np.random.default_rng(0)
    alive = 0
    for turn in range(times):
        began = processes.Event()
        process = processes.Process(target=go, args=(storage, data, how, began))
        process.start()
        if turn % 3 != 2:  # every third is killed while it begins
            assert began.wait(60)
        time.sleep(rng.uniform(0, 0.3))
        alive += process.is_alive()
        process.kill()
        process.join()
    return alive


def test_killed_ten_times_the_table_is_that_of_an_undisturbed_search(
    plays, processes, tmp_path
) -> None:
    storage = tmp_path / "killed.db"
    alive = killed_often(processes, storage, plays, 10)
    told = []
    found = resumed(storage, plays, on_progress=lambda now: told.append(now.ended))
    fresh = [one for one in told if one is not None]
    assert alive >= 5
    assert len(found.trials) == POINTS
    assert len(fresh) < POINTS  # what was finished before was not done again
    assert table(found) == table(resumed(None, plays))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_what_is_drawn_does_not_depend_on_being_killed(processes, tmp_path, sampler) -> None:
    data = random_interactions(120, 60, density=0.3)
    how = {"sampler": sampler, "trials": 25, "prune": True}
    killed_often(processes, tmp_path / "killed.db", data, 3, **how)
    found = resumed(tmp_path / "killed.db", data, **how)
    assert len(found.trials) == 25
    assert table(found) == table(resumed(None, data, **how))


def test_several_processes_share_a_grid(processes, tmp_path) -> None:
    data = random_interactions(120, 60, density=0.3)
    storage = tmp_path / "shared.db"
    workers = [processes.Process(target=go, args=(storage, data, {})) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    claims = []
    found = resumed(storage, data, on_progress=claims.append)
    assert claims == []  # nothing was left
    assert len(found.trials) == POINTS
    assert table(found) == table(resumed(None, data))
