"""An ingest by the tasks of a cluster writes the bytes of one in this process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.data.disk.logs import COLUMNS, write_log
from tests.data.disk.parts import contents, cut_small, write_logs
from tests.engines.serial import SerialExecutor

import penchant
from penchant.engines.cluster.engine import Cluster
from penchant.errors import BadLinesError, PenchantError, SettingsError


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)


def cluster(folder: Path, executor: SerialExecutor | None = None) -> Cluster:
    folder.mkdir(exist_ok=True)
    return Cluster(executor or SerialExecutor(), folder=folder)


def local(source: object, tmp_path: Path, **settings: Any) -> dict[str, bytes]:
    penchant.ingest(source, tmp_path / "local.dataset", **COLUMNS, **settings)
    return contents(tmp_path / "local.dataset")


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("settings", [{}, {"duplicates": "last", "min_per_user": 6}])
def test_the_bytes_are_those_of_one_process(
    times: int, settings: dict[str, Any], tmp_path: Path
) -> None:
    logs, target, shared = write_logs(tmp_path), tmp_path / "x.dataset", tmp_path / "shared"
    engine = cluster(shared, SerialExecutor(times=times))
    penchant.ingest(logs, target, **COLUMNS, **settings, engine=engine)
    assert contents(target) == local(logs, tmp_path, **settings)
    engine.close()
    assert list(shared.iterdir()) == []


@pytest.mark.parametrize("n_tasks", [2, 4, 8])
def test_it_continues_after_the_cluster_was_lost(n_tasks: int, tmp_path: Path) -> None:
    logs, target, executor = write_logs(tmp_path), tmp_path / "x.dataset", SerialExecutor()
    engine = cluster(tmp_path / "shared", executor)
    executor.fail_after = 99
    penchant.ingest(logs, tmp_path / "y.dataset", **COLUMNS, engine=engine)
    n_all = 99 - executor.fail_after
    executor.fail_after = n_tasks
    with pytest.raises(PenchantError, match="a worker is lost"):
        penchant.ingest(logs, target, **COLUMNS, engine=engine)
    executor.fail_after = n_all - n_tasks
    penchant.ingest(logs, target, **COLUMNS, engine=engine)
    assert executor.fail_after == 0
    assert contents(target) == contents(tmp_path / "y.dataset")


def test_a_frame_is_read_by_this_process(tmp_path: Path) -> None:
    frame = pl.read_csv(write_log(tmp_path, 900))
    engine = cluster(tmp_path / "shared")
    penchant.ingest(frame, tmp_path / "x.dataset", **COLUMNS, engine=engine, name="plays")
    assert contents(tmp_path / "x.dataset") == local(frame, tmp_path, name="plays")


def test_bad_rows_are_reported_with_their_file(tmp_path: Path) -> None:
    logs = write_logs(tmp_path)
    with (tmp_path / "plays2.csv").open("a") as file:
        file.write("u1,i1,many,5\n")
    with pytest.raises(BadLinesError, match=r"plays2\.csv, line 302: value many") as expected:
        penchant.ingest(logs, tmp_path / "x.dataset", **COLUMNS)
    engine = cluster(tmp_path / "shared")
    with pytest.raises(BadLinesError, match=re.escape(str(expected.value))):
        penchant.ingest(logs, tmp_path / "x.dataset", **COLUMNS, engine=engine)
    assert not (tmp_path / "x.dataset").exists()


def test_engines_that_are_refused(tmp_path: Path) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    blind = SerialExecutor()
    engine = cluster(tmp_path / "shared", blind)
    blind._sees = False
    for given, message, settings in (
        (penchant.engines.Blocks(), "engine= is a cluster such as penchant.engines.Dask", {}),
        (Cluster(SerialExecutor(), folder="memory://shared"), "that all workers mount", {}),
        (engine, "not all workers see files in", {}),
        (engine, "temp_folder= is for one process", {"temp_folder": tmp_path}),
    ):
        with pytest.raises(SettingsError, match=message):
            penchant.ingest(logs, target, **COLUMNS, **settings, engine=given)
    assert not target.exists()
