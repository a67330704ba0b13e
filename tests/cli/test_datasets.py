"""``penchant datasets``: list, tell, fetch."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import run

from penchant.data import datasets


def test_the_list() -> None:
    for words in ((), ("list",)):
        ran = run("datasets", *words)
        assert ran.code == 0
        assert "lastfm-2k" in ran.out
        told = run("datasets", *words, "--json").json
        assert [one["name"] for one in told] == datasets.names()


def test_one() -> None:
    ran = run("datasets", "info", "movielens-1m")
    assert "license" in ran.out
    assert "grouplens.org" in ran.out
    assert run("datasets", "info", "movielens-1m", "--json").json["download_bytes"] > 1e6
    ran = run("datasets", "info", "lastfm-3k")
    assert (ran.code, "lastfm-2k" in ran.err) == (2, True)


def test_a_local_copy_is_fetched_and_fitted(tmp_path: Path) -> None:
    copy = tmp_path / "ml-100k"
    copy.mkdir()
    rows = [f"{u}\t{i}\t{1 + (u * i) % 5}\t{881250949 + u}" for u in range(9) for i in range(6)]
    (copy / "u.data").write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = run("datasets", "fetch", "movielens-100k", "--path", copy, "--json").json
    assert (told["users"], told["items"], told["interactions"]) == (9, 6, 54)
    words = ("fit", "movielens-100k", "--min-rating", 4, "-o", tmp_path / "x.penchant", "--json")
    told = run(*words, PENCHANT_DATA=str(tmp_path)).json
    assert told["data"]["interactions"] == sum(int(row.split("\t")[2]) >= 4 for row in rows)


def test_a_copy_that_is_not_whole(tmp_path: Path) -> None:
    ran = run("datasets", "fetch", "lastfm-2k", "--path", tmp_path)
    assert ran.code == 1
    assert "user_artists.dat" in ran.err
