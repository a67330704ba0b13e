"""Tuning runs that are killed at random moments and resumed."""

from __future__ import annotations

import multiprocessing
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.tuning.killed import OPTIONS, SPACE, go, splits

import penchant
from penchant.data.interactions import Interactions
from penchant.tuning.results import TuningResult

POINTS = 30


@pytest.fixture(scope="module")
def plays(real_data) -> Interactions:
    folder = real_data("lastfm-2k/user_artists.dat").parent
    return penchant.datasets.load("lastfm-2k", path=folder).threshold(20, 20)


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "tests.tuning.killed",
            "penchant.tuning.worker",
            "scipy.linalg",
            "penchant.models.als.model",
        ]
    )
    return context


def resumed(storage: Path | None, data: Interactions, **how) -> TuningResult:
    split, final = splits(data)
    return penchant.tune(
        penchant.ALS, SPACE, split, storage=storage, final=final, **{**OPTIONS, **how}
    )


def table(result: TuningResult) -> dict:
    """All but times, which are never the same."""
    curves = [[(row.epoch, row.train, row.test) for row in one.curve.rows] for one in result.trials]
    return {
        "trials": [(one.number, one.settings, one.state, one.value) for one in result.trials],
        "best": (result.settings, result.best.number),
        "final": {label: one.to_dict()["metrics"] for label, one in (result.final or {}).items()},
        "curves": curves,
    }


def killed_often(processes, storage: Path, data: Interactions, times: int, **how) -> list[int]:
    """Kill a run again and again at random moments; return the epochs that each measured.

    Moments are told by what was measured, not by the clock, so that they fall in the same places
    on machines fast and slow: after a number of epochs, and then some of the time of one more.
    """
    rng = np.random.default_rng(0)
    seen = []
    for turn in range(times):
        measured = processes.Semaphore(0)
        process = processes.Process(target=go, args=(storage, data, how, measured))
        process.start()
        seen.append(0 if turn % 3 == 2 else int(rng.integers(1, 8)))  # every third as it begins
        time.sleep(rng.uniform(0, 2) * wait_for(measured, seen[-1]))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "the run ended before it was killed"
    return seen


def wait_for(measured, epochs: int) -> float:
    """Till so many are measured; the seconds that the last one took, or a beginning may take."""
    took = 0.3
    for _ in range(epochs):
        began = time.perf_counter()
        assert measured.acquire(timeout=120)
        took = time.perf_counter() - began
    return min(took, 0.3)


def test_killed_ten_times_the_result_equals_an_uninterrupted_run(
    plays, processes, tmp_path
) -> None:
    storage = tmp_path / "killed.db"
    seen = killed_often(processes, storage, plays, 10)
    told = []
    found = resumed(storage, plays, on_progress=lambda now: told.append(now.ended))
    fresh = [one for one in told if one is not None]
    epochs = len(OPTIONS["epochs"])
    finished = sum((n - 1) // epochs for n in seen)  # for sure: more was measured after them
    assert finished > 0
    assert len(found.trials) == POINTS
    assert len(fresh) <= POINTS - finished  # nothing that was finished was done again
    assert table(found) == table(resumed(None, plays))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_samples_do_not_depend_on_being_killed(processes, tmp_path, sampler) -> None:
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
