"""``penchant similar``: by id or by name."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import run

import penchant


@pytest.mark.parametrize("word", ["i0000", "Radiohead", " RADIOHEAD "])
def test_an_item_by_id_or_name(model_file: Path, word: str) -> None:
    told = run("similar", model_file, word, "-k", 3, "--json").json
    assert told == penchant.load(model_file).similar_items("i0000", 3).to_dicts()


def test_a_table_names_what_was_understood(model_file: Path) -> None:
    ran = run("similar", model_file, "radiohead", "i0001", "-k", 2)
    assert ran.code == 0
    assert "similar to Radiohead (i0000)" in ran.out
    assert "\n\nsimilar to Sigur Rós (i0001)\n" in ran.out


def test_the_metric_and_the_limits_count(model_file: Path) -> None:
    words = ("similar", model_file, "i0000", "--metric", "dot", "--deny", "sigur rós", "--json")
    expected = penchant.load(model_file).similar_items("i0000", metric="dot", deny=["i0001"])
    assert run(*words).json == expected.to_dicts()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Radiohed"], "close names: 'Radiohead'"),
        (["Twins"], "2 items are called 'Twins': say which by its id, 'i0002', 'i0003'"),
        (["--by-name", "i0000"], "no item of the 40"),
    ],
)
def test_names_that_are_not_clear(model_file: Path, words: list[str], told: str) -> None:
    ran = run("similar", model_file, *words)
    assert ran.code == 1
    assert told in ran.err


def test_model_files_that_can_not_be_used(model_file: Path, tmp_path: Path) -> None:
    ran = run("similar", tmp_path / "none.penchant", "i0000")
    assert ran.code == 1
    cut = tmp_path / "cut.penchant"
    cut.write_bytes(model_file.read_bytes()[:-500])
    ran = run("similar", cut, "i0000")
    assert ran.code == 1
    assert "cut.penchant" in ran.err
    text = tmp_path / "text.penchant"
    text.write_text("hello", encoding="utf-8")
    ran = run("similar", text, "i0000")
    assert ran.code == 1
    assert "Traceback" not in ran.err


def test_all_items_into_a_file_or_a_folder(model_file: Path, tmp_path: Path) -> None:
    loaded = penchant.load(model_file)
    expected = loaded.similar_items(list(loaded.items), 3, metric="dot").to_dicts()
    for to in (tmp_path / "near.parquet", f"{tmp_path}/near/"):
        ran = run("similar", model_file, "--all", "-o", to, "-k", 3, "--metric", "dot")
        assert ran.code == 0, ran.err
        assert f"for each of {len(loaded.items):,} items" in ran.out
        files = to if str(to).endswith("parquet") else f"{to}part-*.parquet"
        with duckdb.connect() as con:
            found = con.execute("FROM read_parquet(?)", [str(files)]).fetchall()
        assert [row[:3] for row in found] == [tuple(row.values())[:3] for row in expected]


@pytest.mark.parametrize("words", [[], ["i0000", "--all", "--to", "x.csv"], ["--all"]])
def test_items_or_all_of_them(model_file: Path, words: list[str]) -> None:
    assert run("similar", model_file, *words).code == 2
