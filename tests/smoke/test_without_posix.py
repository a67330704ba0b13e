"""The package works where modules and functions of POSIX are missing, as on Windows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from penchant.serving.process.workers import CAN_FORK

WITHOUT_POSIX = """
import asyncio, multiprocessing, os, signal, socket, sqlite3, subprocess, sys, tempfile, time
# other packages decide by the name of the system what they use: they come first
import fastapi, filelock, msgspec, numpy, scipy.linalg, sqlalchemy, typer, uvicorn
import uvicorn.lifespan.on, uvicorn.protocols.http.httptools_impl
import duckdb, matplotlib.pyplot, narwhals, optuna, pandas, PIL.Image, plotly, threadpoolctl

for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in ("fork", "getuid", "geteuid", "register_at_fork", "sched_getaffinity", "killpg",
             "getpgid", "setsid", "fchown", "chown"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGCHLD", "SIGKILL", "SIGUSR1", "SIGALRM", "alarm", "setitimer",
             "pthread_kill", "pthread_sigmask", "sigwait", "sigtimedwait", "siginterrupt"):
    if hasattr(signal, name):
        delattr(signal, name)
"""

IMPORT_ALL = """
import importlib, pkgutil
import penchant
names = [module.name for module in pkgutil.walk_packages(penchant.__path__, "penchant.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names) > 150)
"""

USE = """
import threading
from pathlib import Path
from types import SimpleNamespace
import numpy as np, penchant
from penchant import _scratch
from penchant._kernels.parallel import thread_count
from penchant.cli import signals
from penchant.serving.process import connections, workers
from penchant.serving.process.ipc import SharedState

pairs = pandas.DataFrame({"user": np.arange(300) % 30, "item": np.arange(300) % 17})
model = penchant.ALS(factors=4, iterations=2).fit(pairs)
model.save("m.penchant")
assert len(penchant.load("m.penchant").recommend("3", k=3).ids) == 3
with _scratch.scratch_folder(within=Path.cwd()) as folder:
    (folder / "x").write_text("x")
assert not folder.exists()
assert thread_count(None) >= 1
assert connections._within_open_files(100) == 100
first, second = SharedState(Path("shared")), SharedState(Path("shared"))
first.own[0], second.own[0] = 1, 2
with first.exclusive():
    assert second.total()[0] == 3
with workers.stop_signals_handled(lambda *_: None):
    pass
signals.install()
threading.Thread(target=signals._interrupt_soon).start()
try:
    for _ in range(2000):
        time.sleep(0.01)  # Windows does not end a sleep for an interrupt of another thread
except KeyboardInterrupt:
    print("works")
"""


def run(program: str, folder: Path) -> str:
    """Run a program where POSIX is missing; return what it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX + program],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_module_is_imported(tmp_path: Path) -> None:
    assert run(IMPORT_ALL, tmp_path) == "True\n"


def test_files_locks_threads_and_signals_work(tmp_path: Path) -> None:
    assert run(USE, tmp_path) == "works\n"


def test_processes_are_forked_on_linux_alone() -> None:
    """What else there is spawns them, see ``tests/serving/process/test_workers.py``."""
    assert (sys.platform == "linux") == CAN_FORK
