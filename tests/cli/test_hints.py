"""Each command prints commands to run next, and those run without errors."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Ran, run


@pytest.fixture
def folder(
    tmp_path: Path, log_file: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder whose files have names that a shell would split."""
    monkeypatch.chdir(tmp_path)
    lines = log_file.read_text().splitlines()
    (tmp_path / "my plays.csv").write_text("\n".join(["who,what,plays", *lines[1:]]) + "\n")
    (tmp_path / "my model.penchant").write_bytes(model_file.read_bytes())
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE log (a TEXT, b TEXT)")
        rows = [line.split(",")[:2] for line in lines[1:]]
        connection.executemany("INSERT INTO log VALUES (?, ?)", rows)
    return tmp_path


def commands(ran: Ran) -> list[str]:
    """Return the commands under "next:"."""
    assert ran.code == 0, ran.err
    assert "next:" in ran.out, ran.out
    after = ran.out.rpartition("next:\n")[2]
    return [line.strip() for line in after.splitlines() if line.startswith("  penchant ")]


COLUMNS = "--user who --item what --value plays"


@pytest.mark.parametrize(
    "line",
    [
        f"fit 'my plays.csv' {COLUMNS} -o 'new model.penchant'",
        f"fit 'my plays.csv' {COLUMNS} --model ease --evaluate -o x.penchant",
        f"evaluate 'my plays.csv' {COLUMNS} --hold-out 2 --factors 4 --no-baselines",
        f"evaluate 'my plays.csv' {COLUMNS} --hold-out 2 --model als:factors=2 --model popularity",
        f"learning-curve 'my plays.csv' {COLUMNS} --epochs 4 --hold-out 2 --factors 4",
        f"tune 'my plays.csv' {COLUMNS} --grid factors=2,3 --epochs 2 --hold-out 2 --no-final",
        f"tune 'my plays.csv' {COLUMNS} --grid factors=2 --epochs 2 --hold-out 2 -o 't 1.penchant'",
        "recommend 'my model.penchant' u0003",
        "recommend 'my model.penchant' --like Radiohead",
        "similar 'my model.penchant' Radiohead",
        "explain 'my model.penchant' u0003 i0001",
        "info 'my model.penchant'",
        "export 'my model.penchant' --to 'top 10.csv'",
        "ingest sqlite:///shop.db --query 'SELECT a, b FROM log' -o 'out put.csv'",
        "ingest sqlite:///shop.db --query 'SELECT a AS user, b AS item FROM log' -o out.parquet",
    ],
)
def test_what_comes_next_runs(line: str, folder: Path) -> None:
    hints = commands(run(*shlex.split(line)))
    assert hints
    for hint in hints:
        words = shlex.split(hint)[1:]
        words += ["--help"] * (words[0] == "serve")  # which would serve until Ctrl-C
        ran = run(*words)
        assert ran.code == 0, hint + "\n" + ran.err


def test_hints_of_data_sets_are_complete() -> None:
    for words in ((), ("info", "lastfm-2k")):
        hints = commands(run("datasets", *words))
        assert hints
        assert all(run(*shlex.split(hint)[1:], "--help").code == 0 for hint in hints)


@pytest.mark.parametrize("word", ["--quiet", "--json"])
def test_there_are_none_for_programs(word: str, folder: Path) -> None:
    assert "next:" not in run("info", "my model.penchant", word).out
