"""Ctrl-C and SIGTERM at every command: a quiet end, a known exit code and no files left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.serving.conftest import small_data
from tests.smoke.servers import PROGRAM, serving

from penchant.cli.commands import MODULES
from penchant.models import load
from penchant.models.als.model import ALS
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")

INT, TERM = signal.SIGINT, signal.SIGTERM
ROWS = 1_500_000

COMMANDS: dict[str, list[str]] = {
    "fit": ["big.parquet", "-o", "fitted.penchant"],
    "evaluate": ["big.parquet"],
    "learning-curve": ["big.parquet", "--epochs", "50"],
    "tune": ["big.parquet", "--grid", "factors=8,16", "-o", "tuned.penchant"],
    "recommend": ["model.penchant", "--all", "--to", "all.csv"],
    "similar": ["model.penchant", "i0001"],
    "fold-in": ["model.penchant", "visits.csv", "--to", "factors/"],
    "explain": ["model.penchant", "u0001", "i0001"],
    "info": ["model.penchant"],
    "ingest": ["sqlite:///log.db", "--query", "SELECT * FROM log", "-o", "log.parquet"],
    "export": ["model.penchant", "--to", "export.csv"],
    "serve": ["model.penchant", "--port", "0", "--db", "sqlite:///serve.db"],
    "update": ["model.penchant", "--db", "sqlite:///store.db", "-o", "updated.penchant"],
    "forget": ["u0001", "--db", "sqlite:///store.db"],
    "datasets": [],
    "demo": ["--items", "2000", "--users", "6000"],
}
LONG = {"fit", "evaluate", "learning-curve", "tune", "ingest", "serve", "demo"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that takes some seconds to read, as a file and a table; a model; a store."""
    folder = tmp_path_factory.mktemp("inputs")
    con = duckdb.connect()
    con.execute(
        f"CREATE TABLE log AS SELECT (hash(i) % 200000)::INT AS user, "
        f"(hash(i + 7) % 50000)::INT AS item, 1 + i % 5 AS value FROM range({ROWS}) t(i)"
    )
    con.execute(f"COPY log TO '{folder / 'big.parquet'}'")
    con.execute(f"COPY log TO '{folder / 'big.tsv'}' (DELIMITER '\t')")
    con.close()
    rng = np.random.default_rng(0)
    with contextlib.closing(sqlite3.connect(folder / "log.db")) as log:
        log.execute("CREATE TABLE log (user INT, item INT, value INT)")
        rows = rng.integers(0, 50_000, (ROWS, 3)).tolist()
        log.executemany("INSERT INTO log VALUES (?, ?, ?)", rows)
        log.commit()
    ALS(factors=8, iterations=2).fit(small_data()).save(folder / "model.penchant")
    (folder / "visits.csv").write_text("user,item\nvisitor,i0002\n")
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        store.add([Event("u0001", "i0001"), Event("visitor", "i0002")])
    return folder


@pytest.fixture
def folder(inputs: Path, tmp_path: Path) -> Path:
    """A folder with the inputs, and an empty one for scratch files."""
    made = tmp_path / "work"
    made.mkdir()
    (tmp_path / "scratch").mkdir()
    for file in inputs.iterdir():
        if file.name == "store.db":
            shutil.copy(file, made)
        else:
            (made / file.name).symlink_to(file)
    return made


@contextlib.contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that has begun to handle signals."""
    env = {**os.environ, "TMPDIR": str(folder.parent / "scratch")}
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=env,
        start_new_session=True,
    ) as process:
        try:
            while process.poll() is None and not handles(process.pid, TERM):
                time.sleep(0.005)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def handles(pid: int, number: int) -> bool:
    """Return whether a process has a handler of a signal."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def stopped(folder: Path, words: list[str], delay: float, number: int) -> tuple[int, str]:
    """Stop a command after a delay; return the exit code and what it printed to stderr."""
    with started(folder, *words) as process:
        time.sleep(delay)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    return process.returncode, err


def check_end(folder: Path, words: list[str], number: int, code: int, err: str) -> None:
    # an interrupt during an import or the end of Python ends it by the signal itself, which shells
    # report by the same code
    assert code in (0, 128 + number, -number), err
    assert "Traceback" not in err
    assert "report it" not in err
    assert len(err.splitlines()) <= 3
    assert list((folder.parent / "scratch").iterdir()) == []
    drafts = [file.name for file in folder.iterdir() if file.name.startswith(".")]
    resumed = [f".{name}.partial" for name in ("export.csv", "factors")]
    assert [name for name in drafts if name not in resumed] == []


def test_all_commands_are_here() -> None:
    assert set(COMMANDS) == set(MODULES)


@pytest.mark.parametrize("number", [INT, TERM], ids=lambda number: number.name)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_stopped_leaves_nothing(command: str, number: int, folder: Path) -> None:
    for delay in (0.0, 0.3, 0.8) if command in LONG else (0.0, 0.3):  # the others end before
        words = [command, *COMMANDS[command]]
        code, err = stopped(folder, words, delay, number)
        check_end(folder, words, number, code, err)
        if command in LONG and delay < 0.8 and not (command == "serve" and number == TERM):
            assert code != 0, f"{command} ended within {delay} s"


@pytest.mark.parametrize("file", ["big.parquet", "big.tsv"])
@pytest.mark.parametrize("number", [INT, TERM], ids=lambda number: number.name)
def test_reading_is_stopped_at_any_moment(file: str, number: int, folder: Path) -> None:
    fitted = folder / "fitted.penchant"
    for step in range(6):
        fitted.unlink(missing_ok=True)  # a step before this one may have ended in time
        words = ["fit", file, "-o", fitted.name]
        code, err = stopped(folder, words, 0.2 + 0.15 * step, number)
        check_end(folder, words, number, code, err)
        assert fitted.exists() or code != 0
        if fitted.exists():  # the signal came after the file was in its place: it is whole
            load(fitted)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [INT, TERM], ids=lambda number: number.name)
def test_a_server_that_is_stopped_closes_its_database(
    workers: int, number: int, folder: Path
) -> None:
    db = folder / "served.db"
    model = folder / "model.penchant"
    scratch = folder.parent / "scratch"
    options = ("--workers", workers)
    with serving(model, f"sqlite:///{db}", *options, temporary=scratch) as server:
        for item in range(5):
            event = {"person": "p", "item": f"i{item:04d}"}
            assert server.ask("/api/v1/events", "POST", event).status == 200
        code, err = server.stop(number)
    assert code == (130 if number == INT else 0)
    assert "Traceback" not in err
    assert list(scratch.iterdir()) == []
    assert [file.name for file in folder.iterdir() if "served" in file.name] == ["served.db"]
    copy = shutil.copy(db, folder / "copy.db")
    with contextlib.closing(sqlite3.connect(copy)) as con:
        assert con.execute("SELECT count(*) FROM penchant_events").fetchone() == (5,)
