"""What a killed process leaves behind is removed by the next one that makes the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import penchant
from penchant import _scratch
from penchant.data.io import queries
from penchant.serving.process import run as serving
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.opening import open_store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the system has no flock")

PAIRS = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "y"), ("c", "z")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model and a database, and an empty one for temporary files."""
    monkeypatch.setattr(_scratch, "_MIN_AGE", 0.0)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    penchant.Popularity().fit(penchant.read_interactions(PAIRS)).save("m.penchant")
    with closing(sqlite3.connect("shop.db")) as con:
        con.execute("CREATE TABLE likes AS SELECT 1 AS user, 2 AS item")
        con.commit()
    return tmp_path


def in_memory_store(stop: Callable[..., Any]) -> None:
    with open_store("sqlite://") as store:
        store.check()
        stop()


def query_to_file(stop: Callable[..., Any]) -> None:
    queries.to_file("sqlite:///shop.db", "SELECT * FROM likes", Path("likes.csv"), on_rows=stop)


def all_users(stop: Callable[..., Any]) -> None:
    model = penchant.load("m.penchant")
    model.recommend_all(2, to="top.csv", on_progress=stop)


def several_workers(stop: Callable[..., Any]) -> None:
    settings = ServeSettings(likes="m.penchant", db="sqlite:///penchant.db", workers=2, port=0)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_fork", "_spawn"):
            patch.setattr(serving, name, stop)
        serving.serve(settings, print)


@pytest.mark.parametrize(
    "leave", [in_memory_store, query_to_file, all_users, several_workers], ids=lambda f: f.__name__
)
def test_a_killed_process_leaves_nothing_for_long(
    leave: Callable[[Callable[..., Any]], None], folder: Path
) -> None:
    assert not scratch_of(folder)
    code = (
        "import os, signal\n"
        f"from tests.smoke.test_scratch_folders import {leave.__name__} as leave\n"
        "leave(lambda *_: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(root)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert result.returncode == -signal.SIGKILL, result.stderr
    left = scratch_of(folder)
    assert left

    during: list[set[str]] = []
    leave(lambda *_: during.append(scratch_of(folder)))
    assert during[0].isdisjoint(left)
    assert not scratch_of(folder)


def scratch_of(folder: Path) -> set[str]:
    """The temporary folders that there are: of the system, and beside the files."""
    return {path.name for path in folder.rglob("*") if _scratch.PREFIX in path.name}
