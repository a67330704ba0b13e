"""``penchant ingest``, and verbs that read a database themselves."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import run, small_log

import penchant

QUERY = "SELECT user, item, count FROM plays"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    data = small_log()
    rows = [(user, *likes) for user in data.users for likes in data.history(user).items()]
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE plays (user TEXT, item TEXT, count REAL)")
        con.executemany("INSERT INTO plays VALUES (?, ?, ?)", rows)
        con.commit()
    return f"sqlite:///{path}"


def test_a_query_becomes_a_file_that_can_be_fitted(address: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.parquet"
    ran = run("ingest", address, "--query", QUERY, "-o", path)
    assert ran.code == 0, ran.err
    data = small_log()
    assert f"wrote {data.nnz} rows to " in ran.out.replace("\n", " ")
    assert f"penchant fit {path}" in ran.out.replace("\n", "")
    told = run("ingest", address, "--query", QUERY, "-o", path, "--json").json
    assert told == {"file": str(path), "rows": data.nnz, "bytes": path.stat().st_size}
    read = penchant.read_interactions(path, "user", "item", "count")
    assert {user: read.history(user) for user in read.users} == {
        user: data.history(user) for user in data.users
    }


def test_a_database_is_fitted_directly(address: str, tmp_path: Path) -> None:
    path = tmp_path / "m.penchant"
    words = ("fit", address, "--query", QUERY, "--model", "popularity", "--value", "count")
    ran = run(*words, "-o", path)
    assert ran.code == 0, ran.err
    model = penchant.load(path)
    assert model.interactions.nnz == small_log().nnz
    assert model.interactions.name == "shop"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--query", QUERY), "name it with -o FILE"),
        (("-o", "m.penchant"), "a database needs --query"),
        (("-o", "m.penchant", "--query", QUERY, "--sep", "tab"), "leave out --sep"),
    ],
)
def test_what_does_not_fit_a_database(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...],
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ran = run("fit", address, *words)
    assert ran.code == 2
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_takes_no_query(log_file: Path) -> None:
    ran = run("fit", log_file, "--query", QUERY)
    assert ran.code == 2
    assert "leave out --query" in ran.err


def test_no_password_is_told(tmp_path: Path) -> None:
    address = "postgresql://me:hunter2@127.0.0.1:1/shop"
    for words in (
        ("ingest", address, "--query", "SELECT 1", "-o", tmp_path / "a.csv"),
        ("fit", address, "--query", "SELECT 1", "-o", tmp_path / "m.penchant"),
        ("fit", address, "--query", "SELECT 1"),
    ):
        ran = run(*words)
        assert ran.code in (1, 2)
        assert "hunter2" not in ran.out + ran.err


def test_a_log_becomes_a_data_set_that_commands_take(log_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "plays.dataset"
    ran = run("ingest", log_file, "--value", "count", "--min-per-user", 3, "-o", target)
    assert ran.code == 0, ran.err
    assert f"penchant fit {target}" in ran.out.replace("\n", "")
    data = penchant.open_dataset(target)
    words = ("--user", "user", "--item", "item", "--value", "count")
    told = run("ingest", log_file, *words, "-o", target, "--json").json
    assert told["interactions"] == small_log().nnz >= data.nnz
    assert told["users"]["n"] == small_log().n_users
    for verb in (("fit", "-o", tmp_path / "m.penchant"), ("evaluate",)):
        ran = run(verb[0], target, "--model", "popularity", *verb[1:])
        assert ran.code == 0, ran.err
    assert penchant.load(tmp_path / "m.penchant").interactions.nnz == small_log().nnz


def test_a_query_becomes_a_data_set(address: str, tmp_path: Path) -> None:
    target = tmp_path / "plays.dataset"
    ran = run("ingest", address, "--query", QUERY, "--value", "count", "-o", target)
    assert ran.code == 0, ran.err
    read = penchant.read_interactions(address, query=QUERY, value="count")
    assert penchant.open_dataset(target).users == read.users


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("LOG", "-o", "x.csv"), "a log is written to a data set, -o NAME.dataset"),
        (("ADDRESS", "-o", "x.csv"), "a database needs --query"),
        (("ADDRESS", "-o", "x.dataset"), "a database needs --query"),
        (("ADDRESS", "-o", "x.csv", "--query", QUERY, "--user", "a"), "leave out --user"),
        (("LOG", "-o", "x.dataset", "--query", QUERY), "query"),
        (("LOG", "-o", "x.dataset", "--memory-limit", "1"), "--memory-limit"),
        (("LOG", "-o", "x.dataset", "--cluster-folder", "x"), "with --cluster ADDRESS"),
        (("LOG", "-o", "x.dataset", "--cluster", "local:0"), "as in local:4"),
        (("ADDRESS", "-o", "x.csv", "--query", QUERY, "--no-resume"), "leave out --no-resume"),
        (("LOG", "-o", "x.dataset", "--temp-folder", "none"), "no folder 'none'"),
    ],
)
def test_ingests_that_are_refused(
    address: str, log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    source = {"LOG": log_file, "ADDRESS": address}[words[0]]
    ran = run("ingest", source, *words[1:])
    assert ran.code == 2, ran.err
    assert message in ran.err.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_takes_no_options_of_its_log(log_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "plays.dataset"
    assert run("ingest", log_file, "-o", target, "--quiet").code == 0
    ran = run("fit", target, "--user", "user", "-o", tmp_path / "m.penchant")
    assert ran.code == 2
    assert "leave out --user" in ran.err
    incomplete = tmp_path / "x.dataset"
    (incomplete / "data-0").mkdir(parents=True)
    ran = run("evaluate", incomplete)
    assert ran.code == 1
    assert "is incomplete" in ran.err


def test_an_ingest_that_was_interrupted_continues(
    log_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plays.dataset"
    words = ("ingest", log_file, "--value", "count", "-o", target)
    for moment, again in (("sort", ()), ("sort", ("--no-resume",)), ("", ())):
        with monkeypatch.context() as patched:
            if moment:
                patched.setattr("penchant.data.disk.sorting.sort", _interrupted)
            ran = run(*words, *again)
        told = ran.err.replace("\n", " ")
        if moment:
            assert ran.code == 130
            assert "penchant-ingest-plays" in told.replace(" ", "")
            assert "with --no-resume it begins again and removes it" in told
        else:
            assert ran.code == 0, ran.err
            assert "continuing one that was interrupted" in ran.out.replace("\n", " ")
    assert penchant.open_dataset(target).nnz == small_log().nnz


def _interrupted(task: object) -> None:
    raise KeyboardInterrupt


def test_a_cluster_of_this_machine(log_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    target = tmp_path / "plays.dataset"
    words = ("--value", "count", "--cluster", "local:1", "--cluster-folder", tmp_path)
    ran = run("ingest", log_file, *words, "-o", target)
    assert ran.code == 0, ran.err
    assert penchant.open_dataset(target).nnz == small_log().nnz
    assert list(tmp_path.iterdir()) == [target]
