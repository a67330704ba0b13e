"""``penchant export``: answers for everyone, where they are wanted."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import run


def test_a_file_of_everyones_best(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "top.parquet"
    ran = run("export", model_file, "--to", path, "-k", 3)
    assert ran.code == 0, ran.err
    assert "up to 3 items for each of 60 users" in ran.out
    with duckdb.connect() as con:
        assert con.execute(f"SELECT count(*) FROM '{path}'").fetchall() == [(180,)]


def test_only_what_is_in_stock(model_file: Path, tmp_path: Path) -> None:
    path, stock = tmp_path / "top.parquet", tmp_path / "stock.txt"
    stock.write_text("i0003\ni0004\ni0005\nnot known\n", encoding="utf-8")
    words = ("export", model_file, "--to", path, "--no-exclude-seen")
    ran = run(*words, "--allow-file", stock, "--deny", "i0004")
    assert ran.code == 0, ran.err
    with duckdb.connect() as con:
        found = con.execute(f"SELECT DISTINCT item FROM '{path}' ORDER BY 1").fetchall()
    assert found == [("i0003",), ("i0005",)]
    assert run(*words, "--deny", "nothing like it").code == 1


def test_a_table_of_every_items_neighbors(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    words = ("export", model_file, "--to", path, "--format", "sqlite", "--what", "similar")
    told = run(*words, "-k", 2, "--table", "alike", "--json").json
    assert told == {
        "to": f"sqlite:///{path}",
        "what": "similar",
        "k": 2,
        "queries": 40,
        "resumed": 0,
    }
    with contextlib.closing(sqlite3.connect(path)) as con:
        assert con.execute("SELECT count(*) FROM alike").fetchall() == [(80,)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "a.xls"), "name a file that ends in"),
        (("--to", "a.csv", "--format", "parquet"), "--format parquet does not fit a.csv"),
        (
            ("--to", "postgresql://me:hunter2@host/shop", "--format", "sqlite"),
            "--format sqlite does not fit postgresql://me:***@host/shop",
        ),
        (("--to", "sqlite:///shop.db", "--table", "a b"), "plain letters"),
    ],
)
def test_targets_that_do_not_fit(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words, message
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("export", model_file, *words)
    assert ran.code == 2
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []
