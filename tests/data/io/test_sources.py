"""Frames, Parquet, JSON lines and records: ids keep their type, the caller's data their state."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import BadLinesError, ColumnError, DataError, EmptyDataError

COLUMNS = {
    "user": ["u", "v", "u", None, "v"],
    "item": [7, 9, 7, 7, 7],
    "n": [1.0, 2.0, 3.0, 4.0, float("nan")],
    "when": [datetime.datetime(1970, 1, 1, 0, 0, 5)] * 5,
}
WANTED = {("u", 7): 4.0, ("v", 9): 2.0}


def triples(data: Interactions) -> dict[tuple[object, object], float]:
    return {(u, i): v for u in data.users for i, v in data.history(u).items()}


def parquet(folder: Path) -> Path:
    pq.write_table(pa.table(COLUMNS), folder / "log.parquet")
    return folder / "log.parquet"


MAKERS: dict[str, Any] = {
    "pandas": lambda _: pd.DataFrame(COLUMNS),
    "pandas objects": lambda _: pd.DataFrame(COLUMNS).astype({"user": object}),
    "pandas categories": lambda _: pd.DataFrame(COLUMNS).astype({"user": "category"}),
    "pandas nullable": lambda _: pd.DataFrame(COLUMNS).convert_dtypes(),
    "polars": lambda _: pl.DataFrame(COLUMNS),
    "polars lazy": lambda _: pl.LazyFrame(COLUMNS),
    "polars categories": lambda _: pl.DataFrame(COLUMNS).cast({"user": pl.Categorical}),
    "arrow": lambda _: pa.table(COLUMNS),
    "parquet": parquet,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_frames_and_parquet(maker: str, tmp_path: Path) -> None:
    source = MAKERS[maker](tmp_path)
    read = penchant.read_interactions(source, "user", "item", "n", "when")
    assert triples(read) == WANTED
    assert read.items.are_integers
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [5, 5]
    report = read.report
    assert report is not None
    assert (report.rows, report.nameless, report.valueless, report.merged) == (5, 1, 1, 1)
    assert report.unaccounted == 0


def test_callers_frames_are_left_as_they_were() -> None:
    frame = pd.DataFrame(COLUMNS)
    before = frame.copy(deep=True)
    penchant.read_interactions(frame, "user", "item", "n")
    pd.testing.assert_frame_equal(frame, before)
    frame.loc[0, "n"] = 99.0  # still writeable


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_whole_floats_are_integer_ids(make: Any) -> None:
    read = penchant.read_interactions(
        make({"user": [1.0, 2.0, float("nan")], "item": ["a", "b", "c"]})
    )
    assert list(read.users) == [1, 2]
    with pytest.raises(BadLinesError, match=r"row 2: user 1\.5 is not a whole number"):
        penchant.read_interactions(make({"user": [1.0, 1.5], "item": ["a", "b"]}))


def test_ids_of_other_types_are_refused() -> None:
    for wrong in ([True, False], [b"a", b"b"], [datetime.date(2020, 1, 1)] * 2, [[1], [2]]):
        with pytest.raises(DataError, match="can't be user ids"):
            penchant.read_interactions(pa.table({"user": wrong, "item": ["a", "b"]}))
    mixed = pd.DataFrame({"user": pd.Series([1, "1"], dtype=object), "item": ["a", "b"]})
    with pytest.raises(DataError, match="mixes types: int, str"):
        penchant.read_interactions(mixed)


def test_large_integers_keep_every_digit() -> None:
    big = 2**63 - 1
    table = pa.table({"user": [big, big - 1], "item": ["a", "a"]})
    assert list(penchant.read_interactions(table).users) == [big - 1, big]
    beyond = pa.table({"user": pa.array([2**64 - 1], pa.uint64()), "item": ["a"]})
    with pytest.raises(BadLinesError, match="beyond 64 bits"):
        penchant.read_interactions(beyond)


def test_columns_of_frames() -> None:
    frame = pd.DataFrame({"userID": ["u"], "itemID": ["a"], 'odd "name"': [2], "more": [1]})
    assert triples(penchant.read_interactions(frame)) == {("u", "a"): 1}
    assert triples(penchant.read_interactions(frame, 0, 1, 'odd "name"')) == {("u", "a"): 2}
    with pytest.raises(ColumnError, match="close matches: 'userID'"):
        penchant.read_interactions(frame, "userid", "itemID")
    with pytest.raises(EmptyDataError):
        penchant.read_interactions(frame[:0], "userID", "itemID")


def test_infinite_values_in_frames() -> None:
    frame = pd.DataFrame({"user": ["u", "v"], "item": ["a", "b"], "n": [1.0, np.inf]})
    with pytest.raises(BadLinesError, match="row 2: value inf"):
        penchant.read_interactions(frame, "user", "item", "n")
    frame["n"] = [True, False]
    assert triples(penchant.read_interactions(frame, "user", "item", "n")) == {("u", "a"): 1}


def test_records() -> None:
    assert triples(penchant.read_interactions([("u", 1), ("u", 1), ("v", 2)])) == {
        ("u", 1): 1,
        ("v", 2): 1,
    }
    read = penchant.read_interactions([("u", 1, 2.5, 10), ("u", 1, 1, 20)])
    assert triples(read) == {("u", 1): 3.5}
    for wrong in ([("u",)], [("u", 1), ("u", 1, 1)], ["ab"], [("u", 1, "x")], [("u", 1), (2, 1)]):
        with pytest.raises(DataError):
            penchant.read_interactions(wrong)
    with pytest.raises(EmptyDataError):
        penchant.read_interactions([])


# --- JSON lines -------------------------------------------------------------------------


def jsonl(folder: Path, *rows: object) -> Path:
    path = folder / "log.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return path


def test_json_lines(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path,
        {"user": "NA", "item": 5, "n": 2, "more/~": {"x": [1]}},
        {"item": 6, "user": "2020-01-01", "n": 1.5},
        "",
        {"user": None, "item": 5, "n": 1},
        {"item": 5, "n": 1},
        "{not json",
        "[1, 2]",
        {"user": "u", "item": 5, "n": "many"},
    )
    with pytest.raises(BadLinesError) as error:
        penchant.read_interactions(path, "user", "item", "n")
    assert "line 6: not a JSON object" in str(error.value)
    assert "line 8: value many" in str(error.value)
    read = penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
    assert triples(read) == {("NA", 5): 2, ("2020-01-01", 6): 1.5}
    assert read.report is not None
    assert (read.report.nameless, read.report.bad, read.report.unaccounted) == (2, 3, 0)
    with pytest.raises(ColumnError, match="close matches: 'user'"):
        penchant.read_interactions(path, "users", "item")
    with pytest.raises(ColumnError, match="by name"):
        penchant.read_interactions(path, 0, 1)


def test_json_ids_of_mixed_types_are_refused(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"user": "1", "item": 1}, {"user": 1, "item": 1})
    with pytest.raises(DataError, match="mixed values"):
        penchant.read_interactions(path, "user", "item")


def test_catalog_from_a_frame() -> None:
    table = pa.table({"id": [3, 1], "title": ["Three", None], "tags": [["x", "y"], []]})
    known = penchant.read_catalog(table, "id", "title", tags="tags")
    assert list(known.items) == [3, 1]
    assert (known.name(3), known.name(1)) == ("Three", "1")
    assert (known.tags_of(3), known.tags_of(1)) == (("x", "y"), ())


def test_an_empty_path_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"user": [1], "item": [2]}), tmp_path / "a.parquet")
    monkeypatch.chdir(tmp_path)
    assert len(penchant.read_interactions(".")) == 1
    with pytest.raises(DataError, match="the path is empty"):
        penchant.read_interactions("")


@pytest.mark.parametrize("address", ["s3://bucket/log.csv", "https://example.org/log.parquet"])
def test_addresses_are_refused_as_they_are_written(address: str, tmp_path: Path) -> None:
    model = penchant.Popularity().fit(penchant.read_interactions([("u", "a")]))
    for call in (
        lambda: penchant.read_interactions(address),
        lambda: penchant.read_catalog(address),
        lambda: penchant.read_features(address, "item"),
        lambda: penchant.read_features(address + ".npy", ids=["a"]),
        lambda: penchant.load(address),
        lambda: model.save(address),
        lambda: model.recommend_all(1, to=address),
        lambda: penchant.export(model.save(tmp_path / "m.penchant"), address),
    ):
        with pytest.raises(penchant.errors.PenchantError, match=re.escape(address)):
            call()
