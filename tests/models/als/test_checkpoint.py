"""Trainings that are continued from a checkpoint end as uninterrupted ones, bit for bit."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines.serial import SerialExecutor
from tests.engines.test_blocks import CHANGES, assert_equal
from tests.models.als.test_trainer import with_features

from penchant import ALS, HybridALS
from penchant.engines import Blocks
from penchant.engines.cluster.engine import Cluster
from penchant.errors import PenchantError, SettingsError

ENTRIES = 150
SETTINGS = {"factors": 7, "iterations": 6, "threads": 2}


def blocks(path: Path | None = None, *, resume: bool = True) -> Blocks:
    return Blocks(entries_per_block=ENTRIES, threads=2, checkpoint=path, resume=resume)


def tasks(path: Path | None = None, *, resume: bool = True) -> Cluster:
    executor = SerialExecutor()
    return Cluster(executor, entries_per_block=ENTRIES, checkpoint=path, resume=resume)


def crash_after(number: int):
    def crash(epoch):
        if epoch.number == number:
            raise OSError("power failure")

    return crash


@functools.cache
def uninterrupted(kind, number: int):
    """A training of the changed settings without a checkpoint, and its data."""
    data = with_features(random_interactions(50, 40, seed=3, dislikes=0.1))
    settings = SETTINGS | CHANGES[number]
    return kind(**settings).fit(data, engine=blocks(), track_loss=True), data


@pytest.mark.parametrize(("before", "after"), [(blocks, blocks), (tasks, tasks), (tasks, blocks)])
@pytest.mark.parametrize("number", range(len(CHANGES)))
@pytest.mark.parametrize("kind", [ALS, HybridALS])
@pytest.mark.parametrize("crash", [1, 4])
def test_a_resumed_training_equals_an_uninterrupted_one(
    kind, number, before, after, crash, tmp_path
) -> None:
    expected, data = uninterrupted(kind, number)
    path, settings = tmp_path / "training", SETTINGS | CHANGES[number]
    with pytest.raises(OSError, match="power failure"):
        kind(**settings).fit(
            data, engine=before(path), on_epoch=crash_after(crash), track_loss=True
        )
    numbers = []
    resumed = kind(**settings).fit(
        data,
        engine=after(path),
        on_epoch=lambda epoch: numbers.append(epoch.number),
        track_loss=True,
    )
    assert numbers == [*range(crash + 1, 7)]
    assert_equal(resumed, expected)


def test_a_killed_process_is_continued(tmp_path) -> None:
    code = f"""
import os, signal
from tests.conftest import random_interactions
from penchant import ALS
from penchant.engines import Blocks
def kill(epoch):
    if epoch.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
engine = Blocks(entries_per_block={ENTRIES}, checkpoint={str(tmp_path / "training")!r})
ALS(**{SETTINGS}).fit(random_interactions(50, 40, seed=3), engine=engine, on_epoch=kill)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    assert ran.returncode < 0
    data, seen = random_interactions(50, 40, seed=3), []
    resumed = ALS(**SETTINGS).fit(data, engine=blocks(tmp_path / "training"), on_epoch=seen.append)
    assert [epoch.number for epoch in seen] == [4, 5, 6]
    assert_equal(resumed, ALS(**SETTINGS).fit(data, engine=blocks()))


def test_a_training_that_has_ended_is_not_trained_again_but_may_go_on(tmp_path) -> None:
    data, path = random_interactions(50, 40, seed=3), tmp_path / "training"
    ALS(**SETTINGS).fit(data, engine=blocks(path))
    again = ALS(**SETTINGS).fit(data, engine=blocks(path))
    longer = SETTINGS | {"iterations": 9}
    on = ALS(**longer).fit(data, engine=blocks(path))
    np.testing.assert_array_equal(
        again.user_factors, ALS(**SETTINGS).fit(data, engine=blocks()).user_factors
    )
    np.testing.assert_array_equal(
        on.user_factors, ALS(**longer).fit(data, engine=blocks()).user_factors
    )


@pytest.mark.parametrize("change", ["settings", "values", "kind"])
def test_a_checkpoint_of_other_settings_or_data_is_refused(change, tmp_path) -> None:
    data, path = random_interactions(50, 40, seed=3), tmp_path / "training"
    ALS(**SETTINGS).fit(data, engine=blocks(path))
    kind, settings = ALS, dict(SETTINGS)
    if change == "settings":
        settings["factors"] = 8
    elif change == "kind":
        kind = HybridALS
    else:
        values = data.csr.values.copy()
        values[5] += 1
        csr = type(data.csr)(data.csr.indptr, data.csr.indices, values, 40)
        data = type(data)(csr, data.users, data.items)
    with pytest.raises(SettingsError, match="not a training with these settings"):
        kind(**settings).fit(data, engine=blocks(path))
    model = kind(**settings).fit(data, engine=blocks(path, resume=False))  # replaced
    assert len(model.epochs) == 6


def test_without_a_file_a_training_begins_and_a_damaged_one_is_an_error(tmp_path) -> None:
    data, path = random_interactions(50, 40, seed=3), tmp_path / "training"
    assert len(ALS(**SETTINGS).fit(data, engine=blocks(path)).epochs) == 6
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(PenchantError, match="training"):
        ALS(**SETTINGS).fit(data, engine=blocks(path))


def test_replacing_needs_a_file() -> None:
    with pytest.raises(SettingsError, match="checkpoint"):
        Blocks(resume=False)
