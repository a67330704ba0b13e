"""``penchant recommend``: for users, for someone new, for everyone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import run

import penchant


def test_users_get_what_the_model_says(model_file: Path) -> None:
    told = run("recommend", model_file, "u0003", "u0001", "-k", 4, "--json").json
    assert told == penchant.load(model_file).recommend(["u0003", "u0001"], 4).to_dicts()
    assert {row["user"] for row in told} == {"u0003", "u0001"}


def test_a_table_for_people(model_file: Path) -> None:
    ran = run("recommend", model_file, "u0003", "-k", 2)
    assert ran.code == 0
    assert "for user u0003" in ran.out
    rows = penchant.load(model_file).recommend("u0003", 2)
    assert all(row.name in ran.out and str(row.id) in ran.out for row in rows)


def test_an_unknown_user_of_a_blend_without_popularity(model_file: Path, tmp_path: Path) -> None:
    log = penchant.load(model_file).interactions
    personal = penchant.Blend({"near": penchant.ItemNeighbors(), "ease": penchant.EASE()}).fit(log)
    ran = run("recommend", personal.save(tmp_path / "blend.penchant"), "stranger")
    assert ran.code == 1
    assert "unknown user 'stranger'" in ran.err
    assert "name items that they --like" in ran.err


def test_someone_new_by_names_or_ids(model_file: Path) -> None:
    told = run("recommend", model_file, "--like", "radiohead", "--like", "i0007", "--json").json
    expected = penchant.load(model_file).recommend(history=["i0000", "i0007"])
    assert [row["item"] for row in told] == expected.ids


def test_someone_new_by_features(model_file: Path, tmp_path: Path) -> None:
    told = penchant.load(model_file).interactions
    towns = {user: ["town=north" if n % 2 else "town=south"] for n, user in enumerate(told.users)}
    hybrid = penchant.HybridALS(factors=3, iterations=2).fit(
        told.with_user_features(penchant.Features.of(towns, kind="user"))
    )
    path = hybrid.save(tmp_path / "hybrid.penchant")
    words = ("--user-feature", "town=north", "--json")
    alone = run("recommend", path, *words).json
    assert [row["item"] for row in alone] == hybrid.recommend(user_features=["town=north"]).ids
    both = run("recommend", path, "--like", "i0007", *words).json
    expected = hybrid.recommend(history=["i0007"], user_features=["town=north"])
    assert [row["item"] for row in both] == expected.ids
    ran = run("recommend", model_file, *words[:2])
    assert (ran.code, "fitted without features of users" in ran.err) == (1, True)
    assert run("recommend", path, "u0003", *words).code == 2


def test_limits(model_file: Path, tmp_path: Path) -> None:
    stock = tmp_path / "stock.txt"
    stock.write_text("i0004\n\ni0005\ni9999\n", encoding="utf-8")
    words = ("recommend", model_file, "u0003", "--no-exclude-seen", "--scale", "--json")
    told = run(*words, "--allow-file", stock, "--allow", "Radiohead", "--deny", "i0004").json
    assert {row["item"] for row in told} == {"i0000", "i0005"}
    assert [row["score"] for row in told] == [1, 0]


def test_nothing_left_to_offer(model_file: Path) -> None:
    ran = run("recommend", model_file, "u0003", "--allow", "i0001", "--deny", "i0001")
    assert ran.code == 0
    assert "no items are left" in ran.out


def test_integer_ids(tmp_path: Path) -> None:
    counts = np.array([[1, 0, 2], [0, 3, 1], [1, 1, 0]])
    path = tmp_path / "x.penchant"
    penchant.Popularity().fit(penchant.read_interactions(counts)).save(path)
    told = run("recommend", path, 2, "--json").json
    assert [row["item"] for row in told] == [2]
    ran = run("recommend", path, "two")
    assert (ran.code, "ids are integers" in ran.err) == (1, True)


def test_everyone_into_a_file(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    ran = run("recommend", model_file, "--all", "--to", path, "-k", 3)
    assert ran.code == 0, ran.err
    assert "60 users" in ran.out
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 180
    assert set(rows[0]) == {"user", "rank", "item", "name", "score"}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["u0003", "u00033"], 1, "close matches: 'u0033'"),
        ([], 2, "name users"),
        (["u0003", "--all", "--to", "x.csv"], 2, "name users"),
        (["--all"], 2, "go together"),
        (["u0003", "--to", "x.csv"], 2, "go together"),
        (["--all", "--to", "x.csv", "--scale"], 2, "--scale"),
        (["--all", "--to", "x.xlsx"], 2, ".parquet, .csv"),
        (["u0003", "-k", "0"], 2, "-k must be 1 or more"),
        (["--like", "Unknown Band"], 1, "no item of the 40"),
        (["u0003", "--deny-file", "nowhere.txt"], 1, "nowhere.txt: No such file"),
    ],
)
def test_what_can_not_be_answered(model_file: Path, words: list[str], code: int, told: str) -> None:
    ran = run("recommend", model_file, *words)
    assert ran.code == code, ran.err
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_list_that_is_no_text(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xff\xfe\x00")
    ran = run("recommend", model_file, "u0003", "--deny-file", path)
    assert (ran.code, "not UTF-8" in ran.err) == (1, True)
