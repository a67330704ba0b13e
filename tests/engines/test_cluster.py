"""Training over the tasks of an executor, and on a Dask cluster, against the engine of blocks."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines.serial import SerialExecutor
from tests.engines.test_blocks import CHANGES, assert_equal, fitted
from tests.models.als.test_trainer import with_features

import penchant
from penchant import ALS, HybridALS
from penchant.engines.blocks.engine import Blocks
from penchant.engines.cluster import files
from penchant.engines.cluster.engine import Cluster
from penchant.errors import MissingExtraError, SettingsError

ENTRIES = 150


def cluster(**options) -> Cluster:
    return Cluster(SerialExecutor(**options), entries_per_block=ENTRIES)


def blocks() -> Blocks:
    return Blocks(entries_per_block=ENTRIES, threads=2)


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("kind", [ALS, HybridALS])
@pytest.mark.parametrize("times", [1, 2])
def test_tasks_give_the_factors_of_blocks_also_if_they_run_twice(kind, changes, times) -> None:
    data = with_features(random_interactions(50, 40, seed=3, dislikes=0.1))
    model = fitted(kind, data, cluster(times=times), **changes)
    local = fitted(kind, data, blocks(), **changes)
    assert_equal(model, local)
    more = with_features(random_interactions(55, 43, seed=4))
    assert_equal(model.partial_fit(more), local.partial_fit(more))
    folded = (m.fold_in_users([list(m.items)[:3]]) for m in (model, local))
    np.testing.assert_array_equal(*folded)


def test_data_on_disk_give_the_factors_of_their_blocks(tmp_path) -> None:
    data = random_interactions(50, 40, seed=3)
    frame = data.to_pandas()
    stored = penchant.ingest(frame, tmp_path / "likes.dataset", "user", "item", "value")
    assert_equal(fitted(ALS, stored, cluster()), fitted(ALS, stored, blocks()))


@pytest.mark.parametrize("kind", [ALS, HybridALS])
def test_a_failed_half_step_leaves_the_factors_of_the_last_epoch(kind) -> None:
    data, executor = with_features(random_interactions(60, 40)), SerialExecutor()
    model = kind(factors=4, iterations=10, solver="exact")
    epochs = []

    def fail(epoch):
        epochs.append(model.user_factors @ model.item_factors.T)
        if epoch.number == 2:
            executor.fail_after = 1

    with pytest.raises(OSError, match="a worker is lost"):
        model.fit(data, engine=Cluster(executor, entries_per_block=ENTRIES), on_epoch=fail)
    np.testing.assert_array_equal(model.user_factors @ model.item_factors.T, epochs[1])
    executor.fail_after = None
    assert len(model.partial_fit(iterations=1).epochs) == 3


def test_snapshots_within_a_training_are_models_of_their_own() -> None:
    data, snapshots = random_interactions(60, 40), []
    for engine in (cluster(), blocks()):
        model = ALS(factors=4, iterations=3)
        model.fit(
            data,
            engine=engine,
            on_epoch=lambda epoch, model=model: snapshots.append(model.snapshot()),
        )
    for ours, expected in zip(snapshots[:3], snapshots[3:], strict=True):
        np.testing.assert_array_equal(ours.user_factors, expected.user_factors)


def test_a_training_keeps_few_files_and_removes_them(tmp_path) -> None:
    engine = Cluster(SerialExecutor(), folder=tmp_path, entries_per_block=ENTRIES)
    data, counts = random_interactions(60, 40), []

    def count(epoch):
        counts.append(len(list(tmp_path.rglob("*"))))

    ALS(factors=4, iterations=6).fit(data, engine=engine, on_epoch=count)
    assert counts[2] == counts[5]
    engine.close()
    assert list(tmp_path.iterdir()) == []


def test_a_cache_keeps_the_last_objects_and_drops_one_before_it_makes_the_next() -> None:
    cache, made = files.Cache(2), []

    def make(key: int):
        def maker() -> int:
            made.append((key, len(cache._values)))
            return key

        return maker

    assert [cache.get(key, make(key)) for key in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [(1, 0), (2, 1), (3, 1), (2, 1)]


def test_a_folder_that_workers_do_not_see_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="folder that they share"):
        Cluster(SerialExecutor(sees=False), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_of_a_training_is_a_clear_error(tmp_path) -> None:
    engine = Cluster(SerialExecutor(), folder=tmp_path, entries_per_block=ENTRIES)
    model = ALS(factors=4, iterations=6)

    def remove(epoch):
        for path in Path(next(tmp_path.iterdir())).iterdir():
            if path.stat().st_size < 4000:
                path.unlink()

    with pytest.raises(penchant.PenchantError, match=r"can't read .*penchant-training"):
        model.fit(random_interactions(60, 40), engine=engine, on_epoch=remove)


def test_dask_that_is_not_installed_is_named(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"penchant\[dask\]"):
        penchant.engines.Dask(object())


# --- a Dask cluster of processes ----------------------------------------------------------


@pytest.fixture
def dask_client(request):
    distributed = pytest.importorskip("distributed")
    import dask

    options = {"threads_per_worker": 2, "processes": True, "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "5s"}),  # 30 s after a kill, else
        distributed.LocalCluster(n_workers=request.param, **options) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.mark.parametrize("dask_client", [1, 2, 4], indirect=True)
def test_factors_do_not_depend_on_the_number_of_workers(dask_client) -> None:
    data = with_features(random_interactions(50, 40, seed=3, dislikes=0.1))
    for kind in (ALS, HybridALS):
        engine = penchant.engines.Dask(dask_client, entries_per_block=ENTRIES)
        assert_equal(fitted(kind, data, engine), fitted(kind, data, blocks()))


@pytest.mark.parametrize("dask_client", [2], indirect=True)
def test_a_killed_worker_does_not_change_the_factors(dask_client) -> None:
    data = random_interactions(400, 300, seed=3)
    engine = penchant.engines.Dask(dask_client, entries_per_block=2000)
    workers = list(dask_client.run(os.getpid).values())
    timers = []

    def kill(epoch):
        if epoch.number == 2:  # during the third epoch
            timers.append(threading.Timer(0.05, os.kill, (workers[0], signal.SIGKILL)))
            timers[0].start()

    settings = {"factors": 16, "iterations": 6}
    model = ALS(**settings).fit(data, engine=engine, on_epoch=kill)
    timers[0].join()
    assert workers[0] not in dask_client.run(os.getpid).values()
    expected = ALS(**settings).fit(data, engine=Blocks(entries_per_block=2000))
    np.testing.assert_array_equal(model.user_factors, expected.user_factors)
    np.testing.assert_array_equal(model.item_factors, expected.item_factors)
