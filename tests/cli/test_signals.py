"""How a command takes signals to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DROPPED = """
import os, signal, time
from penchant.cli import signals
signals.install()
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.01)
try:
    Finalized()
    time.sleep(20)
except KeyboardInterrupt:
    print(signals.stopped(), signals.exit_code())
"""
IMPORTING = """
import pathlib, sys
from penchant.cli import signals
signals.install()
pathlib.Path("slow_module.py").write_text(
    "import os, signal, time\\n"
    "os.kill(os.getpid(), signal.{name})\\n"
    "time.sleep(0.1)\\n"
    "print('imported', flush=True)\\n"
)
sys.path.insert(0, "")
import time
try:
    import slow_module
    time.sleep(20)
except KeyboardInterrupt:
    print(signals.stopped(), signals.exit_code())
"""
PROBING = """
import os, pathlib, signal, tempfile, time
from penchant.cli import signals
signals.install()
unlink = os.unlink
def unlink_late(path, *args, **options):
    os.kill(os.getpid(), signal.{name})
    time.sleep(0.05)
    unlink(path, *args, **options)
os.unlink = unlink_late
try:
    tempfile.gettempdir()
    time.sleep(20)
except KeyboardInterrupt:
    print(os.listdir(os.environ["TMPDIR"]), signals.exit_code())
"""
IGNORED = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from penchant.cli import signals
signals.install()
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""
FOREIGN = """
import os, signal, sys
import penchant.cli.info as info
def failing(model: str) -> None:
    "Fail."
    try:
        os.kill(os.getpid(), signal.{name})
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None
info.info = failing
sys.argv = ["penchant", "info", "x"]
from penchant.cli import main
main()
"""


def run(program: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    env = os.environ | ({} if folder is None else {"TMPDIR": str(folder)})
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder, env=env)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_in_a_finalizer_is_not_lost(name: str) -> None:
    ran = run(DROPPED.format(name=name))
    assert (ran.stdout, ran.stderr) == (f"True {128 + getattr(signal, name)}\n", "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_waits_for_the_end_of_an_import(name: str, tmp_path: Path) -> None:
    ran = run(IMPORTING.format(name=name), tmp_path)
    code = 128 + getattr(signal, name)
    assert (ran.stdout, ran.stderr) == (f"imported\nTrue {code}\n", "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_leaves_no_file_of_tempfile(name: str, tmp_path: Path) -> None:
    ran = run(PROBING.format(name=name), tmp_path)
    assert (ran.stdout, ran.stderr) == (f"[] {128 + getattr(signal, name)}\n", "")


def test_an_ignored_signal_stays_ignored() -> None:
    assert run(IGNORED).stdout == "True\n"


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_error_that_a_library_makes_of_an_interrupt_is_one(name: str, code: int) -> None:
    ran = run(FOREIGN.format(name=name))
    assert (ran.returncode, ran.stderr) == (code, "penchant: stopped\n")
