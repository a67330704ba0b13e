"""Trainings on Dask clusters of processes that are killed, and over storage that fails.

``PENCHANT_ALL_FAULTS=1`` (``make test-faults``) tries all moments, otherwise a few of them.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines import flaky

import penchant
from penchant import ALS
from penchant.engines.blocks.engine import Blocks
from penchant.errors import DatasetError, PenchantError

distributed = pytest.importorskip("distributed")

ENTRIES = 7000
DATA = random_interactions(400, 300, seed=3)
SETTINGS = {"factors": 16, "iterations": 3}
STEPS = 3 * (4 + 4)  # blocks that are solved in the epochs
ALL = bool(os.environ.get("PENCHANT_ALL_FAULTS"))
LOCAL = {"processes": True, "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1}


@pytest.fixture(scope="module")
def expected() -> ALS:
    return ALS(**SETTINGS).fit(DATA, engine=Blocks(entries_per_block=ENTRIES))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(n_workers=2, **LOCAL) as local,
        distributed.Client(local) as connected,
    ):
        yield connected


def assert_same(model: ALS, other: ALS) -> None:
    np.testing.assert_array_equal(model.user_factors, other.user_factors)
    np.testing.assert_array_equal(model.item_factors, other.item_factors)


def run_on_workers(client, function, **arguments) -> dict[str, Any]:
    """Run a function on both workers, once those that were killed are there again."""
    for _ in range(20):
        client.wait_for_workers(2, timeout=600)
        with contextlib.suppress(OSError):  # a worker ends just now
            if len(results := client.run(function, **arguments)) == 2:
                return results
        time.sleep(0.5)
    raise AssertionError("the workers are not there")


class At:
    """Does something once, at a block of a training and a little later."""

    def __init__(self, moment: int, act) -> None:
        rng = random.Random(moment)
        self._block, self._delay, self._act = rng.randrange(STEPS - 2), rng.random() / 20, act
        self.blocks, self.timer = 0, None

    def __call__(self, progress) -> None:
        if self.blocks == self._block:
            self.timer = threading.Timer(self._delay, self._act)
            self.timer.start()
        self.blocks += 1


@pytest.mark.parametrize("moment", range(10 if ALL else 2))
def test_a_worker_killed_at_any_moment_does_not_change_the_factors(
    moment, client, expected, tmp_path
) -> None:
    workers = list(run_on_workers(client, os.getpid).values())
    at = At(moment, lambda: os.kill(random.Random(moment).choice(workers), signal.SIGKILL))
    engine = penchant.engines.Dask(client, folder=tmp_path, entries_per_block=ENTRIES, on_block=at)
    model = ALS(**SETTINGS).fit(DATA, engine=engine)
    at.timer.join()
    assert_same(model, expected)
    engine.close()
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def scheduler(folder: Path) -> Iterator[tuple[Any, subprocess.Popen[bytes]]]:
    """Run a scheduler and a worker as processes, and connect to them."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    common = ["--no-dashboard", "--scheduler-file", str(file)]
    local = ["--host", "127.0.0.1"]
    worker = ["--nthreads", "1", "--no-nanny", "--death-timeout", "300"]
    with contextlib.ExitStack() as stack:
        processes = []
        for name, options in (("dask_scheduler", [*local, "--port", "0"]), ("dask_worker", worker)):
            command = [sys.executable, "-m", f"distributed.cli.{name}", *common, *options]
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
            while not file.exists():
                time.sleep(0.05)
        connected = stack.enter_context(distributed.Client(scheduler_file=str(file)))
        connected.wait_for_workers(1, timeout=600)
        yield connected, processes[0]


@pytest.mark.parametrize("moment", [12, 5, 7] if ALL else [12])
@pytest.mark.filterwarnings("ignore")  # of a client that lost its scheduler
def test_a_training_continues_after_its_scheduler_was_killed(moment, expected, tmp_path) -> None:
    options = {
        "folder": tmp_path,
        "entries_per_block": ENTRIES,
        "checkpoint": tmp_path / "likes.training",
    }
    numbers: list[int] = []
    with scheduler(tmp_path) as (connected, process):
        at = At(moment, process.kill)
        engine = penchant.engines.Dask(connected, on_block=at, **options)
        with pytest.raises(PenchantError, match="the scheduler of the cluster is lost"):
            ALS(**SETTINGS).fit(DATA, engine=engine, on_epoch=lambda e: numbers.append(e.number))
        at.timer.join()
        engine.close()
    with scheduler(tmp_path) as (connected, _):
        engine = penchant.engines.Dask(connected, **options)
        model = ALS(**SETTINGS)
        model.fit(DATA, engine=engine, on_epoch=lambda e: numbers.append(e.number))
        assert numbers == [1, 2, 3]
        assert_same(model, expected)
        engine.close()
    assert not list(tmp_path.glob("penchant-training-*"))


def test_workers_repeat_reads_that_fail(client, expected, tmp_path) -> None:
    flaky.register(one_in=50, full=False, lost="\0")
    run_on_workers(client, flaky.register, one_in=50, full=False, lost="\0")
    address = f"flaky://{tmp_path}"
    engine = penchant.engines.Dask(client, folder=address, entries_per_block=ENTRIES)
    model = ALS(**SETTINGS).fit(DATA, engine=engine)
    assert sum(run_on_workers(client, flaky.failures).values()) > 2
    assert_same(model, expected)


def test_workers_name_a_store_that_is_full(client, tmp_path) -> None:
    flaky.register(one_in=10**9, full=False, lost="\0")
    run_on_workers(client, flaky.register, one_in=10**9, full=False, lost="\0")
    engine = penchant.engines.Dask(client, folder=f"flaky://{tmp_path}", entries_per_block=ENTRIES)
    model, files = ALS(**SETTINGS), []

    def fill(epoch):
        if epoch.number == 2:
            files[:] = [path.name for path in tmp_path.rglob("*")]
            run_on_workers(client, flaky.register, full=True)

    with pytest.raises(DatasetError, match=r"can't write flaky://.*No space left on device"):
        model.fit(DATA, engine=engine, on_epoch=fill)
    assert len(model.epochs) == 2
    late = time.monotonic() + 60  # tasks that still run delete what they wrote in part
    while not {path.name for path in tmp_path.rglob("*")} <= set(files):
        assert time.monotonic() < late
        time.sleep(0.1)


def test_tasks_have_the_names_of_what_they_do(client) -> None:
    engine = penchant.engines.Dask(client, entries_per_block=ENTRIES)
    ALS(**SETTINGS).fit(DATA, engine=engine, track_loss=True)

    def names(dask_scheduler) -> set[str]:
        return set(dask_scheduler.task_prefixes)

    assert {"gram", "rotate", "solve", "extrapolate", "observed_loss", "penalty"} <= (
        client.run_on_scheduler(names)
    )
    engine.close()


def test_the_limits_of_workers_are_known(client) -> None:
    engine = penchant.engines.Dask(client, entries_per_block=ENTRIES)
    memory = engine._executor.memory()
    assert memory is not None
    limits = [worker["memory_limit"] for worker in client.scheduler_info()["workers"].values()]
    assert memory == (min(limits), 1)
    engine.close()
