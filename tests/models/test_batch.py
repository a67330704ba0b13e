"""Recommendations for all users in batches, and files that appear once complete."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.errors import DataError, OutOfMemoryError, PenchantError, SettingsError
from penchant.models.popularity import Popularity
from penchant.results import Recommendations

ODD_NAMES = ['quo"te', "com,ma", "new\nline", "NA", "", "Sigur Rós"]


@pytest.fixture(scope="module")
def model() -> Popularity:
    data = random_interactions(23, 12, seed=3)
    names = [(ODD_NAMES * 2)[at] for at in range(12)]
    return Popularity().fit(data.with_catalog(Catalog(data.items, names=names)))


def read(path: Path) -> list[dict[str, Any]]:
    if path.name.endswith(".parquet"):
        with duckdb.connect() as con:
            found = con.execute("FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file)) if ".csv" in path.name else [*map(json.loads, file)]
    return [row | {"rank": int(row["rank"]), "score": float(row["score"])} for row in rows]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.jsonl", "A.JSONL.GZ"])
def test_files_hold_what_recommend_answers(model: Popularity, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert model.recommend_all(4, to=path, batch=5) == path
    expected = model.recommend(list(model.users), 4).to_dicts()
    found = read(tmp_path / name) if name.islower() else read(path.rename(tmp_path / name.lower()))
    assert [row["user"] for row in found] == [row["user"] for row in expected]
    assert [row["item"] for row in found] == [row["item"] for row in expected]
    assert [row["rank"] for row in found] == [row["rank"] for row in expected]
    assert [row["name"] for row in found] == [row["name"] for row in expected]
    np.testing.assert_allclose(
        [row["score"] for row in found], [row["score"] for row in expected], rtol=1e-6
    )


def test_batches_are_computed_on_demand(model: Popularity, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    answer = Popularity.answer

    def watched(self: Popularity, request: Any) -> Recommendations:
        asked.append(len(request.users))
        return answer(self, request)

    monkeypatch.setattr(Popularity, "answer", watched)
    answers = model.recommend_all(3, batch=10)
    assert isinstance(answers, Iterator)
    assert asked == []  # nothing before the first is asked for
    assert len(next(answers).queries) == 10
    assert asked == [10]
    assert [len(one.queries) for one in answers] == [10, 3]
    assert asked == [10, 10, 3]


def test_batches_shrink_as_lists_grow(model: Popularity) -> None:
    assert len(next(model.recommend_all(1_000_000)).queries) == 1
    assert len(next(model.recommend_all(1)).queries) == 23


def test_progress_and_limits(model: Popularity, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "a.jsonl"
    model.recommend_all(
        9,
        to=path,
        batch=10,
        exclude_seen=False,
        allow=iter(["i0001", "i0002", "i0003"]),
        deny={"u0000": ["i0001"]},
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(10, 23), (20, 23), (23, 23)]
    rows = read(path)
    assert {row["item"] for row in rows} == {"i0001", "i0002", "i0003"}
    assert len(rows) == 3 * 23 - 1


def test_integer_ids_stay_integers(tmp_path: Path) -> None:
    import dataclasses

    data = random_interactions(5, 6)
    data = dataclasses.replace(data, users=IdMap.range(5, "user"), items=IdMap.range(6))
    rows = read(Popularity().fit(data).recommend_all(2, to=tmp_path / "a.parquet"))
    assert rows[0]["user"] == 0
    assert isinstance(rows[0]["item"], int)
    assert "name" not in rows[0]


def test_no_partial_file_remains(
    model: Popularity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("what was there", encoding="utf-8")

    def stop(done: int, total: int) -> None:
        if done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.recommend_all(2, to=path, batch=5, on_progress=stop)
    assert path.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_values_that_can_not_be_written(model: Popularity, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.parquet, \.csv"):
        model.recommend_all(to=tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="there is no folder"):
        model.recommend_all(to=tmp_path / "none" / "a.csv")
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match=r"a\.csv"):
        model.recommend_all(to=tmp_path / "a.csv")
    with pytest.raises(SettingsError, match="on_progress must be"):
        model.recommend_all(to=tmp_path / "b.csv", on_progress="x")
    for wrong in ({"k": 0}, {"batch": 0}):
        with pytest.raises(SettingsError):
            model.recommend_all(to=None, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"on_progress": "x"}, {"allow": [object()]}, {"deny": {"u0001": 5}}, {"allow": 5}]
)
def test_what_fails_within_the_iteration_is_an_error_of_penchants_tree(
    model: Popularity, wrong: dict[str, Any]
) -> None:
    with pytest.raises(PenchantError, match=r"on_progress|allow|object"):
        list(model.recommend_all(2, **wrong))


def test_running_out_of_memory_within_the_iteration_is_said(
    model: Popularity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(self: Popularity, request: Any) -> Recommendations:
        raise MemoryError

    monkeypatch.setattr(Popularity, "answer", answer)
    batches = model.recommend_all(2)
    with pytest.raises(OutOfMemoryError, match="recommend_all ran out of memory"):
        next(batches)


def test_errors_of_the_callers_own_callback_go_on_unchanged(model: Popularity) -> None:
    def stop(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(model.recommend_all(2, on_progress=stop))
