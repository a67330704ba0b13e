"""Processes that serve together: all answer, those that die come back, none stays behind."""

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
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[2]))  # whatever the tests were started by
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
    """A server that runs, and where."""

    process: subprocess.Popen[str]
    address: str
    model: Path

    def get(self, path: str) -> Any:
        """An answer, on a connection of its own."""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}", timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(*command: object) -> Iterator[subprocess.Popen[str]]:
    """A program in a group of its own, all of which is killed in the end."""
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
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        server = Server(process, told["address"], model)
        until(lambda: answers(server))
        yield server


@pytest.fixture(scope="module")
def server(files, tmp_path_factory) -> Iterator[Server]:
    """Two processes over a file of their own."""
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
        int(one)
        for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def alive(pids: list[int]) -> list[int]:
    """Those that run; who has ended and only waits to be noticed does not."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] not in "ZX":
                found.append(pid)
    return found


def kill_and_replace(server: Server, pid: int) -> None:
    """Kill a process of two, and wait until another one is in its place."""
    before = set(children(server.process))
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(children(server.process)) - {pid}) == len(before))


def mapped(pid: int, file: Path) -> dict[str, int]:
    """How many kB of a file a process has in memory, by kind, summed over its maps."""
    told: dict[str, int] = {}
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            inside = line.endswith(str(file))
        elif inside and rest[-1] == "kB":
            told[first] = told.get(first, 0) + int(rest[0])
    return told


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


def test_the_pages_of_the_model_are_shared(server):
    server.get("popular?k=40")
    for pid in children(server.process):
        told = mapped(pid, server.model)
        assert told["Rss:"] > 0
        assert told["Private_Dirty:"] == told["Private_Clean:"] == 0


def test_a_process_that_is_killed_comes_back(server):
    first, second = children(server.process)
    kill_and_replace(server, first)
    os.kill(second, signal.SIGSTOP)  # so that it is the new one that answers
    try:
        until(lambda: answers(server))
        assert server.get("recommend?user=u0001&k=3")["items"]
    finally:
        os.kill(second, signal.SIGCONT)


def test_another_model_reaches_all_processes_and_those_that_come_later(server):
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
        assert factors() == 6  # at once: it does not begin with what the parent opened
    finally:
        os.kill(second, signal.SIGCONT)


def test_ctrl_c_leaves_no_process_behind(server):  # it comes last: the server is gone then
    pair = children(server.process)
    os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert server.process.wait(60) == 130
    assert alive(pair) == []
    assert server.process.stderr is not None
    assert "Traceback" not in server.process.stderr.read()


def test_where_no_process_can_be_forked_they_are_spawned(files, tmp_path):
    with serving(SPAWN, Path(shutil.copy(files.likes, tmp_path))) as server:
        assert server.get("recommend?user=u0001&k=3")["items"]
        server.process.terminate()
        assert server.process.wait(60) == 0


# --- any work ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_any_signal_to_stop_ends_all(how):
    with running(LOOK_BUSY, 3, "SIG_DFL") as parent:
        until(lambda: len(children(parent)) == 3)
        all_three = children(parent)
        parent.send_signal(how)
        out, err = parent.communicate(timeout=60)
        assert (out, err, parent.returncode) == ("ended\n", "", 0)
        assert alive(all_three) == []


def test_a_signal_that_was_ignored_from_the_start_stops_nobody():
    """As under nohup, where the terminal goes and the server stays."""
    with running(LOOK_BUSY, 2, "SIG_IGN") as parent:
        until(lambda: len(children(parent)) == 2)
        both = children(parent)
        parent.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert children(parent) == both
        parent.terminate()
        assert parent.communicate(timeout=60) == ("ended\n", "")


def test_processes_do_not_outlive_one_that_is_killed():
    with running(LOOK_BUSY, 3, "SIG_DFL") as parent:
        until(lambda: len(children(parent)) == 3)
        all_three = children(parent)
        parent.kill()
        until(lambda: alive(all_three) == [])


def test_what_cannot_begin_is_told_and_tried_again_after_a_while():
    with running(FAIL) as parent:
        time.sleep(2.5)
        parent.terminate()
        _, err = parent.communicate(timeout=60)
    assert 1 <= err.count("the database is gone") <= 4
    assert "Traceback" not in err
