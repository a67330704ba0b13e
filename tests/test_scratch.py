"""What killed processes left behind is removed, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from penchant import _scratch
from penchant._files import container
from penchant._scratch import held, remove_abandoned, scratch_folder

pytestmark = pytest.mark.skipif(_scratch.fcntl is None, reason="the system has no flock")


@pytest.fixture(autouse=True)
def no_minimum_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scratch, "_MIN_AGE", 0.0)


def killed(code: str) -> None:
    """Run code in a process that kills itself in the middle of it."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == -signal.SIGKILL, result.stderr


def test_a_killed_reader_leaves_a_folder_that_the_next_one_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed(
        "import os, signal\n"
        "from penchant._scratch import scratch_folder\n"
        "with scratch_folder() as folder:\n"
        "    (folder / 'copy0').write_bytes(b'0' * 1000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert len(list(tmp_path.iterdir())) == 1
    with scratch_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert not list(tmp_path.iterdir())


def test_a_killed_save_leaves_a_draft_that_the_next_one_removes(tmp_path: Path) -> None:
    target = tmp_path / "m.penchant"
    killed(
        "import os, signal\n"
        "from penchant._files import container\n"
        f"with container.replacing({str(target)!r}) as file:\n"
        "    file.write(b'0' * 1000)\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / ".other.penchant.0123.tmp").write_bytes(b"of another file")
    container.write(target, {"x": np.zeros(3)}, {})
    assert {path.name for path in tmp_path.iterdir()} == {target.name, ".other.penchant.0123.tmp"}


def test_what_is_in_use_or_not_ours_stays(tmp_path: Path) -> None:
    used, link, plain = tmp_path / "penchant-a", tmp_path / "penchant-b", tmp_path / "others"
    used.mkdir()
    plain.mkdir()
    link.symlink_to(plain)
    with held(used):
        remove_abandoned(tmp_path, "penchant-")
        assert used.exists()
    assert link.is_symlink()
    assert plain.exists()
    remove_abandoned(tmp_path, "penchant-")
    assert not used.exists()
    remove_abandoned(tmp_path / "nowhere", "penchant-")


def test_what_is_new_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scratch, "_MIN_AGE", 60.0)
    new, old = tmp_path / "penchant-new", tmp_path / "penchant-old"
    new.mkdir()
    old.mkdir()
    os.utime(old, (1, 1))
    remove_abandoned(tmp_path, "penchant-")
    assert [path.name for path in tmp_path.iterdir()] == ["penchant-new"]
