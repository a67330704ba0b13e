from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from benchmarks.meter import Memory, Stopwatch
from benchmarks.peers import blocks

from benchmarks import datasets, run


def test_the_stopwatch_leaves_pauses_out() -> None:
    watch = Stopwatch()
    time.sleep(0.01)
    spent = watch.pause()
    time.sleep(0.05)
    watch.go_on()
    assert 0.01 <= spent <= watch.pause() < spent + 0.04


def test_memory_counts_what_was_taken_even_if_given_back() -> None:
    memory = Memory()
    size = 64 * 2**20
    np.ones(size, dtype=np.uint8)
    assert size * 0.9 < memory.pause() < size * 1.5


def test_a_lock_is_taken_apart_by_package() -> None:
    lock = (
        "# made\na-b==1 \\\n    --hash=sha256:0\n    # via c\n"
        "c==2 ; python_version < '3.12'\nc==3\n"
    )
    found = blocks(lock)
    assert list(found) == ["a-b", "c"]
    assert "sha256:0" in found["a-b"]
    assert "c==2" in found["c"]
    assert "c==3" in found["c"]


def test_weights_are_one_in_the_mean(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {
        "indptr": np.array([0, 2, 3]),
        "indices": np.array([0, 1, 1], dtype=np.int32),
        "values": np.array([1, 100, 7], dtype=np.float32),
    }
    monkeypatch.setenv("PENCHANT_CACHE", str(tmp_path))
    monkeypatch.setattr(datasets, "_made", lambda name: (arrays, 2))
    rows = datasets.load(datasets.prepare("ml-20m"))
    assert rows.values.mean() == pytest.approx(1)
    assert rows.values[1] / rows.values[0] == pytest.approx(np.log(101) / np.log(2))


def test_what_goes_wrong_in_a_worker_is_told(tmp_path) -> None:
    asked = {"engine": "penchant exact", "data": str(tmp_path), "factors": 4, "epochs": 1}
    command = [sys.executable, "-m", "benchmarks.worker", "fit", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=run.machine.ROOT, check=True)
    assert "FileNotFoundError" in json.loads(done.stdout.splitlines()[-1])["error"]


def test_choices_on_the_command_line() -> None:
    options = run.parser().parse_args(
        ["--quick", "--factors", "16,32", "--only", "penchant,implicit cg", "--epochs", "2"]
    )
    wanted = run.wanted_of(options)
    assert wanted.factors == (16, 32)
    ours = ("penchant exact", "penchant cg", "penchant auto", "penchant ranking")
    assert wanted.engines == (*ours, "implicit cg")
    assert wanted.epochs == 2
    assert wanted.repeat == 1
