"""Ingests that are killed, or fail for lack of space, continue and leave nothing half-written.

``PENCHANT_ALL_FAULTS=1`` (``make test-faults``) tries more moments.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from tests.data.disk.killed import SETTINGS, fill_disk, ingest_for, ingest_until
from tests.data.disk.logs import COLUMNS, assert_equal, write_log
from tests.data.disk.parts import contents, write_logs

import penchant
from penchant.errors import DatasetError

MOMENTS = [
    ("reading", 0),
    ("reading", 3),
    ("numbering the ids", 0),
    ("merging the rows of each pair", 0),
    ("merging the rows of each pair", 2),
    ("leaving out users and items with few interactions", 0),
    ("sorting by users", 3),
    ("writing users", 0),
    ("writing items", 1),
    ("completing", 0),
    ("before the manifest", 0),
]
ALL = bool(os.environ.get("PENCHANT_ALL_FAULTS"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.data.disk.killed"])
    return context


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_logs(tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def uninterrupted(logs: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an ingest of the logs writes that nothing interrupts."""
    target = tmp_path_factory.mktemp("uninterrupted") / "y.dataset"
    penchant.ingest(logs, target, **SETTINGS)
    return contents(target)


def run(processes, job, *arguments: object) -> int:
    process = processes.Process(target=job, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize(("moment", "at"), MOMENTS)
def test_a_killed_ingest_is_incomplete_and_the_next_one_continues(
    processes, logs: str, uninterrupted, tmp_path: Path, moment: str, at: int
) -> None:
    target = tmp_path / "x.dataset"
    assert run(processes, ingest_until, logs, target, moment, at) == -signal.SIGKILL
    with pytest.raises(DatasetError, match="is incomplete"):
        penchant.open_dataset(target)
    penchant.ingest(logs, target, **SETTINGS)
    assert len(list(target.glob("*-*"))) == 1
    assert contents(target) == uninterrupted


@pytest.mark.parametrize("seed", range(40 if ALL else 2))
def test_an_ingest_killed_again_and_again_ends_as_an_uninterrupted_one(
    processes, logs: str, uninterrupted, tmp_path: Path, seed: int
) -> None:
    target = tmp_path / "x.dataset"
    draw = random.Random(seed)
    for _ in range(4):
        assert run(processes, ingest_for, logs, target, draw.uniform(0.05, 1)) == -signal.SIGKILL
    penchant.ingest(logs, target, **SETTINGS)
    assert contents(target) == uninterrupted
    assert len(list(target.glob("*-*"))) == 1


def test_a_killed_ingest_with_other_settings_cleans_up(processes, tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    assert run(processes, ingest_until, log, target, "completing") == -signal.SIGKILL
    stored = penchant.ingest(log, target, **COLUMNS)
    assert_equal(stored, penchant.read_interactions(log, **COLUMNS))
    assert len(list(target.glob("*-*"))) == 1


def test_a_killed_ingest_leaves_the_older_data_set(processes, tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    old = penchant.ingest(log, target, **COLUMNS)
    write_log(tmp_path, seed=7)
    assert run(processes, ingest_until, log, target, "before the manifest") == -signal.SIGKILL
    assert_equal(penchant.open_dataset(target), old)
    assert run(processes, ingest_until, log, target, "after the manifest") == -signal.SIGKILL
    read = penchant.read_interactions(log, **COLUMNS).threshold(2, 1)
    assert_equal(penchant.open_dataset(target), read)
    penchant.ingest(log, target, **SETTINGS)  # which removes what is left of the killed one
    assert len(list(target.glob("*-*"))) == 1


def test_a_full_disk(processes, tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    assert run(processes, fill_disk, log, target, 1000) == 0
    message = (tmp_path / "message").read_text()
    assert message.startswith(("DatasetError: can't write", "DataError")), message
    assert not target.exists()
    assert run(processes, fill_disk, log, target, 12_000) == 0
    assert "penchant-ingest-x" in (tmp_path / "message").read_text()
    penchant.ingest(log, target, **COLUMNS)
    assert_equal(penchant.open_dataset(target), penchant.read_interactions(log, **COLUMNS))


def test_two_ingests_of_one_target(tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    refused: list[str] = []

    def on_progress(share: float, what: str) -> None:
        if what == "completing" and not refused:
            with pytest.raises(DatasetError) as error:
                penchant.ingest(log, target, **COLUMNS)
            refused.append(str(error.value))

    penchant.ingest(log, target, **COLUMNS, on_progress=on_progress)
    assert "another process is writing" in refused[0]
    assert penchant.open_dataset(target).nnz
