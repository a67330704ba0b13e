"""Ingests on a Dask cluster of processes, of which some are killed.

``PENCHANT_ALL_FAULTS=1`` (``make test-faults``) tries more moments.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.data.disk.logs import COLUMNS
from tests.data.disk.parts import contents, cut_small, write_logs

import penchant

distributed = pytest.importorskip("distributed")

ALL = bool(os.environ.get("PENCHANT_ALL_FAULTS"))
LOCAL = {"processes": True, "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)


@pytest.fixture
def client() -> Iterator[Any]:
    # of its own for each test: a worker that is killed while it starts may not come back
    with (
        distributed.LocalCluster(n_workers=2, **LOCAL) as workers,
        distributed.Client(workers) as connected,
    ):
        yield connected


def test_two_workers_write_the_bytes_of_one_process(client: Any, tmp_path: Path) -> None:
    logs, shared = write_logs(tmp_path), tmp_path / "shared"
    shared.mkdir()
    engine = penchant.engines.Dask(client, folder=shared)
    settings = {**COLUMNS, "min_per_user": 2}
    penchant.ingest(logs, tmp_path / "x.dataset", **settings, engine=engine)
    engine.close()
    assert list(shared.iterdir()) == []
    penchant.ingest(logs, tmp_path / "y.dataset", **settings)
    assert contents(tmp_path / "x.dataset") == contents(tmp_path / "y.dataset")


@pytest.mark.parametrize("moment", range(12 if ALL else 1))
def test_a_lost_worker_only_costs_its_tasks(moment: int, client: Any, tmp_path: Path) -> None:
    logs, shared = write_logs(tmp_path), tmp_path / "shared"
    shared.mkdir()
    draw = random.Random(moment)
    worker = draw.choice(sorted(client.run(os.getpid).values()))
    report, reports, timers = draw.randrange(12), [], []

    def on_progress(share: float, what: str) -> None:
        if len(reports) == report:
            kill = (worker, signal.SIGKILL)
            timers.append(threading.Timer(draw.random() / 5, os.kill, kill))
            timers[0].start()
        reports.append(what)

    engine = penchant.engines.Dask(client, folder=shared)
    target = tmp_path / "x.dataset"
    penchant.ingest(logs, target, **COLUMNS, engine=engine, on_progress=on_progress)
    engine.close()
    timers[0].join()
    assert list(shared.iterdir()) == []
    penchant.ingest(logs, tmp_path / "y.dataset", **COLUMNS)
    assert contents(target) == contents(tmp_path / "y.dataset")
