"""``recommend --all --histories`` and ``fold-in``: lists and factors of the users of a log."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.cli.conftest import run

import penchant

VISITS = "who;what;n\nnew;i0003;2\nnew;i0007;1\nnew;nothing;4\nu0004;i0001;3\nother;i0009;1\n"
COLUMNS = ("--user", "who", "--item", "what", "--value", "n", "--sep", ";")


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    path.write_text(VISITS)
    return path


@pytest.fixture(params=[(), ("--cluster", "local:1")])
def words(request) -> tuple[str, ...]:
    """No options, or those of a cluster."""
    if request.param:
        pytest.importorskip("distributed")
    return request.param


def rows(folder: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute("FROM read_parquet(?)", [f"{folder}/part-*.parquet"]).fetchall()


def test_lists_of_the_users_of_a_log(
    words: tuple[str, ...], model_file: Path, visits: Path, tmp_path: Path
) -> None:
    everyone = ("--all", "--histories", visits, "--to", f"{tmp_path}/new/", "-k", 4)
    ran = run("recommend", model_file, *everyone, *COLUMNS, *words)
    assert ran.code == 0, ran.err
    assert "for each of 3 users to" in " ".join(ran.out.split())
    data = penchant.read_interactions(visits, "who", "what", "n")
    penchant.load(model_file).recommend_all(4, to=f"{tmp_path}/python/", histories=data)
    assert rows(tmp_path / "new") == rows(tmp_path / "python")
    assert {row[0] for row in rows(tmp_path / "new")} == {"new", "u0004", "other"}


def test_logs_are_read_as_elsewhere(model_file: Path, visits: Path, tmp_path: Path) -> None:
    target = tmp_path / "visits.dataset"
    penchant.ingest(visits, target, "who", "what", "n")
    for source, words, name in ((visits, COLUMNS, "a"), (target, (), "b")):
        everyone = ("--all", "--histories", source, "--to", f"{tmp_path}/{name}/")
        ran = run("recommend", model_file, *everyone, *words)
        assert ran.code == 0, ran.err
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    events = tmp_path / "events.csv"
    events.write_text("who,what,kind,n\nnew,i0003,view,2\nnew,i0007,view,1\nnew,i0001,skip,9\n")
    columns = ("--user", "who", "--item", "what", "--value", "n", "--event", "kind")
    words = ("--histories", events, *columns, "--weight", "view=1", "--to", f"{tmp_path}/c/")
    ran = run("recommend", model_file, "--all", *words)
    assert ran.code == 0, ran.err
    assert rows(tmp_path / "c") == [row for row in rows(tmp_path / "a") if row[0] == "new"]


def test_factors_of_the_users_of_a_log(
    words: tuple[str, ...], model_file: Path, visits: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "factors"
    told = run("fold-in", model_file, visits, "--to", f"{folder}/", *COLUMNS, *words, "--json").json
    assert told == {"file": str(folder), "users": 3}
    found = dict(rows(folder))
    model = penchant.load(model_file)
    assert isinstance(model, penchant.ALS)
    histories = [{"i0003": 2, "i0007": 1}, {"i0009": 1}, {"i0001": 3}]
    expected = model.fold_in_users(histories)
    for user, vector in zip(("new", "other", "u0004"), expected, strict=True):
        np.testing.assert_allclose(found[user], vector, rtol=1e-6)


FOLDER = ("--to", "new/")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--histories", "VISITS"), "name users, or describe"),
        (("u0001", "--histories", "VISITS"), "--histories goes with --all"),
        (("--all", "--to", "x.csv", "--histories", "VISITS"), "--to top10/"),
        (
            ("--all", *FOLDER, "--user", "who"),
            "no log is read without --histories: leave out --user",
        ),
        (("u0001", "--event", "kind"), "no log is read without --histories: leave out --event"),
        (("--all", *FOLDER, "--histories", "nowhere.csv"), "there is no file 'nowhere.csv'"),
        (("--all", *FOLDER, "--histories", "VISITS", "--user", "whom", "--item", "what"), "'whom'"),
        (("--all", *FOLDER, "--histories", "VISITS", *COLUMNS, "--weight", "a=1"), "with --event"),
        (
            ("--all", *FOLDER, "--histories", "VISITS", *COLUMNS, "--half-life", "1d"),
            "leave out --half-life",
        ),
        (
            ("--all", *FOLDER, "--histories", "VISITS", "--user", "what", "--item", "who"),
            "none of the 3 items of the histories is among the model's 40",
        ),
    ],
)
def test_histories_that_are_refused(
    words: tuple[str, ...], message: str, model_file: Path, visits: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ran = run("recommend", model_file, *(visits if word == "VISITS" else word for word in words))
    assert ran.code in (1, 2)
    assert message in " ".join(ran.err.split())
    assert list(tmp_path.iterdir()) == [visits]


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("als", ("--to", "x.parquet"), "--to x/"),
        ("als", ("--to", "x"), "end its name in a slash, --to x/"),
        ("als", (*FOLDER, "--cluster", "local:0"), "as in local:4"),
        ("als", (*FOLDER, "--duplicates", "most"), "--duplicates"),
        ("popularity", FOLDER, "Popularity has no factors of new users"),
    ],
)
def test_factors_that_are_refused(
    kind: str, words: tuple[str, ...], message: str, model_file: Path, visits: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    model = model_file
    if kind != "als":
        model = penchant.Popularity().fit(penchant.load(model_file).interactions).save("p.penchant")
    before = sorted(tmp_path.iterdir())
    ran = run("fold-in", model, visits, *COLUMNS, *words)
    assert ran.code in (1, 2)
    assert message in " ".join(ran.err.split())
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_of_options_counts_where_a_log_is_read(
    model_file: Path, visits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("penchant.toml").write_text('[data]\nuser = "who"\nitem = "what"\nsep = ";"\n')
    ran = run("recommend", model_file, "u0001")
    assert (ran.code, ran.err) == (0, "")
    for words in (
        ("recommend", model_file, "--all", "--histories", visits, "--to", "new/"),
        ("fold-in", model_file, visits, "--to", "factors/"),
    ):
        ran = run(*words)
        assert ran.code == 0, ran.err
        assert "options from penchant.toml: --user who --item what --sep" in ran.err
