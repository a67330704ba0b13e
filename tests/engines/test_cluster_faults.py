"""Storage that fails, is full, or is an object store, under a training over tasks."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines import flaky
from tests.engines.serial import SerialExecutor
from tests.engines.test_blocks import assert_equal, fitted

import penchant
from penchant import ALS
from penchant.data.disk import retries
from penchant.engines.blocks.engine import Blocks
from penchant.engines.cluster.engine import Cluster
from penchant.errors import ArtifactError, DatasetError

ENTRIES = 150
DATA = random_interactions(60, 40, seed=3)
SETTINGS = {"factors": 4, "iterations": 6}


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch) -> None:
    monkeypatch.setattr(retries, "DELAYS", (0.0,) * 4)


def cluster(folder: object, **options) -> Cluster:
    return Cluster(SerialExecutor(), folder=folder, entries_per_block=ENTRIES, **options)


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("fixed_side", ["replicated", "streamed"])
def test_reads_that_fail_once_do_not_change_the_factors(fixed_side, tmp_path) -> None:
    flaky.register(one_in=50, full=False, lost="\0")
    address, on_disk = f"flaky://{tmp_path}", tmp_path / "likes.dataset"
    penchant.ingest(DATA.to_pandas(), on_disk, "user", "item", "value")
    stored = penchant.open_dataset(f"{address}/likes.dataset")
    engine = cluster(address, fixed_side=fixed_side, checkpoint=f"{address}/likes.training")
    model = fitted(ALS, stored, engine)
    assert flaky.failures() > 0
    assert_equal(model, fitted(ALS, penchant.open_dataset(on_disk), Blocks()))
    model = fitted(ALS, DATA, cluster(address, fixed_side=fixed_side))
    assert flaky.failures() > 5
    assert_equal(model, fitted(ALS, DATA, Blocks(entries_per_block=ENTRIES)))
    engine.close()
    assert not [name for name in files_in(tmp_path) if "penchant-training" in name]


def test_a_file_that_is_never_read_is_named(tmp_path) -> None:
    flaky.register(one_in=10**9, full=False, lost="\0")
    engine = cluster(f"flaky://{tmp_path}")
    model, lost = ALS(**SETTINGS), []

    def lose_a_file(epoch):
        lost[:] = [max(files_in(tmp_path))]
        flaky.FlakyFileSystem.lost = lost[0]

    with pytest.raises(DatasetError, match="does not answer") as caught:
        model.fit(DATA, engine=engine, on_epoch=lose_a_file)
    assert lost[0] in str(caught.value)
    assert flaky.failures() >= 5


def _fails_when_full(folder: object, model: ALS, fill, make_room, tmp_path: Path) -> None:
    """Fit until a disk is full, then continue once there is room."""
    epochs: list[np.ndarray] = []
    checkpoint = tmp_path / "likes.training"

    def fill_the_disk(epoch):
        epochs.append(model.user_factors @ model.item_factors.T)
        if epoch.number == 2:
            fill()

    engine = cluster(folder, checkpoint=checkpoint)
    with pytest.raises(DatasetError, match=r"can't write .*: No space left on device; make room"):
        model.fit(DATA, engine=engine, on_epoch=fill_the_disk)
    assert len(epochs) == 2
    np.testing.assert_array_equal(model.user_factors @ model.item_factors.T, epochs[1])
    make_room()
    engine.close()
    resumed = ALS(**SETTINGS).fit(DATA, engine=cluster(folder, checkpoint=checkpoint))
    expected = ALS(**SETTINGS).fit(DATA, engine=Blocks(entries_per_block=ENTRIES))
    np.testing.assert_array_equal(resumed.user_factors, expected.user_factors)
    np.testing.assert_array_equal(resumed.item_factors, expected.item_factors)


def test_a_full_store_leaves_nothing_half_written(tmp_path) -> None:
    flaky.register(one_in=10**9, full=False, lost="\0")
    folder, before = tmp_path / "store", []

    def fill() -> None:
        before[:] = files_in(folder)
        flaky.FlakyFileSystem.full = True

    def make_room() -> None:
        assert set(files_in(folder)) <= set(before)
        flaky.FlakyFileSystem.full = False

    _fails_when_full(f"flaky://{folder}", ALS(**SETTINGS), fill, make_room, tmp_path)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    mounted = False
    with contextlib.suppress(OSError):
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("no right to mount a small file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 64)
    return filler


def test_a_full_disk_leaves_nothing_half_written(small_disk, tmp_path) -> None:
    before = []

    def fill() -> None:
        before[:] = files_in(small_disk)
        _fill(small_disk)

    def make_room() -> None:
        assert set(files_in(small_disk)) - {"filler"} <= set(before)
        (small_disk / "filler").unlink()

    _fails_when_full(small_disk, ALS(**SETTINGS), fill, make_room, tmp_path)


def test_a_checkpoint_on_a_full_disk_stays_that_of_the_last_epoch(small_disk) -> None:
    checkpoint = small_disk / "likes.training"

    def fill(epoch):
        if epoch.number == 2:
            _fill(small_disk)

    engine = Blocks(entries_per_block=ENTRIES, checkpoint=checkpoint)
    with pytest.raises(ArtifactError, match="No space left"):
        ALS(**SETTINGS).fit(DATA, engine=engine, on_epoch=fill)
    assert sorted(files_in(small_disk)) == ["filler", "likes.training"]
    (small_disk / "filler").unlink()
    numbers = []
    resumed = ALS(**SETTINGS).fit(
        DATA,
        engine=Blocks(entries_per_block=ENTRIES, checkpoint=checkpoint),
        on_epoch=lambda epoch: numbers.append(epoch.number),
    )
    assert numbers == [3, 4, 5, 6]
    expected = ALS(**SETTINGS).fit(DATA, engine=Blocks(entries_per_block=ENTRIES))
    np.testing.assert_array_equal(resumed.user_factors, expected.user_factors)


def test_files_of_another_length_are_named(tmp_path) -> None:
    engine = cluster(tmp_path)

    def cut(epoch):
        for path in tmp_path.rglob("*"):
            if path.is_file():
                os.truncate(path, path.stat().st_size - 3)

    with pytest.raises(DatasetError, match=r"damaged: .*penchant-training"):
        ALS(**SETTINGS).fit(DATA, engine=engine, on_epoch=cut)
