"""Worker processes: all answer, dead ones are replaced, none outlives its parent."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.serving.conftest import small_data

from penchant.models.als.model import ALS
from penchant.serving.process.workers import CAN_FORK

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are not forked here")

SERVE = "from penchant.cli import main; main()"
SPAWN = "from penchant.serving.process import run; run.CAN_FORK = False; " + SERVE
LOOK_BUSY = """
import signal, sys, time
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[2]))  # the tests may run under nohup
from penchant.serving.process.workers import Workers
Workers(lambda: time.sleep(600), int(sys.argv[1])).run()
print("ended", flush=True)
"""
FAIL = """
from penchant.errors import StoreError
from penchant.serving.process.workers import Workers
def fail() -> None:
    raise StoreError("the database is gone")
Workers(fail, 1).run()
"""


class Server(NamedTuple):
    """A running server and its address."""

    process: subprocess.Popen[str]
    address: str
    model: Path

    def get(self, path: str) -> Any:
        """Return an answer, over a new connection."""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(*command: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program in its own process group, which is killed at the end."""
    words = [sys.executable, "-c", *map(str, command)]
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def serving(program: str, model: Path) -> Iterator[Server]:
    where = ("--db", f"sqlite:///{model.parent / 'store.db'}", "--port", 0)
    with running(program, "serve", model, *where, "--workers", 2, "--json") as process:
        assert process.stdout is not None
        values = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        server = Server(process, values["address"], model)
        until(lambda: answers(server))
        yield server


@pytest.fixture(scope="module")
def server(files, tmp_path_factory) -> Iterator[Server]:
    """Start a server with two processes and its own model file."""
    model = Path(shutil.copy(files.likes, tmp_path_factory.mktemp("workers")))
    with serving(SERVE, model) as made:
        yield made


def answers(server: Server) -> bool:
    assert server.process.poll() is None
    try:
        return bool(server.get("health")["status"] == "ok")
    except OSError:
        return False


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def children(process: subprocess.Popen[str]) -> list[int]:
    return [
        int(child)
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def alive(pids: list[int]) -> list[int]:
    """Return the processes that run; zombies do not."""
    living = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] not in "ZX":
                living.append(pid)
    return living


def kill_and_replace(server: Server, pid: int) -> None:
    """Kill one of two processes, and wait for its replacement."""
    before = set(children(server.process))
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(children(server.process)) - {pid}) == len(before))


def mapped(pid: int, file: Path) -> dict[str, int]:
    """Return how many kB of a file a process maps, by kind."""
    values: dict[str, int] = {}
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            inside = line.endswith(str(file))
        elif inside and rest[-1] == "kB":
            values[first] = values.get(first, 0) + int(rest[0])
    return values


# --- a server ---------------------------------------------------------------------------


def test_each_of_two_processes_answers(server):
    pair = children(server.process)
    assert len(pair) == 2
    for stopped in pair:
        os.kill(stopped, signal.SIGSTOP)
        try:
            assert server.get("recommend?user=u0001&k=3")["items"]
        finally:
            os.kill(stopped, signal.SIGCONT)


def test_the_memory_of_the_model_is_shared(server):
    pair = children(server.process)
    for stopped in pair:  # so that each of them reads the model
        os.kill(stopped, signal.SIGSTOP)
        try:
            server.get("popular?k=40")
        finally:
            os.kill(stopped, signal.SIGCONT)
    for pid in pair:
        values = mapped(pid, server.model)
        assert values["Rss:"] > 0
        assert values["Private_Dirty:"] == values["Private_Clean:"] == 0


def test_a_killed_process_is_replaced(server):
    first, second = children(server.process)
    kill_and_replace(server, first)
    os.kill(second, signal.SIGSTOP)  # so that the new process answers
    try:
        until(lambda: answers(server))
        assert server.get("recommend?user=u0001&k=3")["items"]
    finally:
        os.kill(second, signal.SIGCONT)


def test_a_new_model_reaches_current_and_later_processes(server):
    draft = server.model.with_name("draft")
    ALS(factors=6, iterations=2).fit(small_data()).save(draft).replace(server.model)

    def factors() -> int:
        return int(server.get("models")["models"][0]["settings"]["factors"])

    first, second = children(server.process)
    for stopped in (first, second):
        os.kill(stopped, signal.SIGSTOP)
        try:
            until(lambda: factors() == 6)
        finally:
            os.kill(stopped, signal.SIGCONT)
    kill_and_replace(server, first)
    os.kill(second, signal.SIGSTOP)
    try:
        until(lambda: answers(server))
        assert factors() == 6  # a new process looks for the active model first
    finally:
        os.kill(second, signal.SIGCONT)


def test_a_worker_that_is_stopped_twice_ends_its_application(server):
    first, second = children(server.process)
    os.kill(first, signal.SIGTERM)
    time.sleep(0.02)  # else the lower number comes first
    os.kill(first, signal.SIGINT)  # the last test reads what it wrote
    until(lambda: first not in children(server.process) and len(children(server.process)) == 2)
    assert second in children(server.process)
    os.kill(second, signal.SIGSTOP)  # so that the new process answers
    try:
        until(lambda: answers(server))
    finally:
        os.kill(second, signal.SIGCONT)


def test_ctrl_c_leaves_no_process_behind(server):  # last: it stops the server
    pair = children(server.process)
    os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    assert server.process.wait(60) == 130
    assert alive(pair) == []
    assert server.process.stderr is not None
    assert "Traceback" not in server.process.stderr.read()


def test_processes_are_spawned_where_they_can_not_be_forked(files, tmp_path):
    with serving(SPAWN, Path(shutil.copy(files.likes, tmp_path))) as server:
        assert server.get("recommend?user=u0001&k=3")["items"]
        server.process.terminate()
        assert server.process.wait(60) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["likes.penchant", "store.db"]


# --- any work ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_any_signal_to_stop_ends_all(number):
    with running(LOOK_BUSY, 3, "SIG_DFL") as parent:
        until(lambda: len(children(parent)) == 3)
        all_three = children(parent)
        parent.send_signal(number)
        out, err = parent.communicate(timeout=60)
        assert (out, err, parent.returncode) == ("ended\n", "", 0)
        assert alive(all_three) == []


def test_signals_that_were_ignored_at_the_start_stay_ignored():
    """As under nohup: the server survives the end of its terminal."""
    with running(LOOK_BUSY, 2, "SIG_IGN") as parent:
        until(lambda: len(children(parent)) == 2)
        both = children(parent)
        parent.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert children(parent) == both
        parent.terminate()
        assert parent.communicate(timeout=60) == ("ended\n", "")


def test_workers_end_when_their_parent_is_killed():
    with running(LOOK_BUSY, 3, "SIG_DFL") as parent:
        until(lambda: len(children(parent)) == 3)
        all_three = children(parent)
        parent.kill()
        until(lambda: alive(all_three) == [])


def test_a_worker_that_fails_to_start_is_logged_and_restarted():
    with running(FAIL) as parent:
        time.sleep(2.5)
        parent.terminate()
        _, err = parent.communicate(timeout=60)
    assert 1 <= err.count("the database is gone") <= 4
    assert "Traceback" not in err
