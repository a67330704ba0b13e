"""State that processes share: counters, and a lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penchant.serving.process import ipc as module
from penchant.serving.process.ipc import SharedState

HOLD = """
import sys
from pathlib import Path
from penchant.serving.process.ipc import SharedState
shared = SharedState(Path(sys.argv[1]))
with shared.exclusive():
    print("mine", flush=True)
    sys.stdin.readline()
print("over", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def holding(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "shared")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        yield other
        other.kill()


def entered(shared: SharedState) -> bool:
    with shared.exclusive():
        return True


def is_free(shared: SharedState) -> bool:
    lock = shared._lock_of(shared._file, "exclusive")
    if free := module._acquire(lock, 0.0):
        lock.release()
    return free


@pytest.mark.parametrize("ends", ["its turn", "itself"])
def test_a_lock_is_held_until_its_process_ends(holding, tmp_path: Path, ends: str):
    shared = SharedState(tmp_path / "shared")
    assert not is_free(shared)
    if ends == "itself":
        holding.kill()
        holding.wait()
    else:
        holding.stdin.write("\n")
        holding.stdin.flush()
        assert holding.stdout.readline() == "over\n"
    assert entered(shared)
    assert is_free(shared)


def test_waiting_for_a_stopped_process_has_a_timeout(holding, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.2)
    shared = SharedState(tmp_path / "shared")
    assert entered(shared)
    assert not is_free(shared)  # the other process still holds it


def test_without_a_file_the_lock_is_always_free():
    assert entered(SharedState())


def test_releasing_the_lock_keeps_the_counters(tmp_path):
    shared = SharedState(tmp_path / "shared")
    assert entered(shared)
    again = SharedState(tmp_path / "shared")
    shared.own[0] += 2
    assert again.total()[0] == 2
