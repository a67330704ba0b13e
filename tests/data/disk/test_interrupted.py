"""Ingests that are killed, or fail for lack of space, leave nothing that can be mistaken."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from pathlib import Path

import pytest
from tests.data.disk.killed import fill_disk, ingest_until
from tests.data.disk.logs import COLUMNS, assert_equal, write_log

import penchant
from penchant.errors import DatasetError

MOMENTS = [
    "reading",
    "numbering the ids",
    "merging the rows of each pair",
    "leaving out users and items with few interactions",
    "writing users",
    "sorting by items",
    "completing",
    "before the manifest",
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.data.disk.killed"])
    return context


def run(processes, job, *arguments: object) -> int:
    process = processes.Process(target=job, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_ingest_is_incomplete_and_the_next_one_cleans_up(
    processes, tmp_path: Path, moment: str
) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    assert run(processes, ingest_until, log, target, moment) == -signal.SIGKILL
    with pytest.raises(DatasetError, match="is incomplete"):
        penchant.open_dataset(target)
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


def test_a_full_disk(processes, tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    assert run(processes, fill_disk, log, target, 1000) == 0
    message = (tmp_path / "message").read_text()
    assert message.startswith(("DatasetError: can't write", "DataError")), message
    assert not target.exists()


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
