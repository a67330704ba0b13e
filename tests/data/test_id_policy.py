"""The policy of ids: what goes in comes out, in all formats, and any usual spelling finds it."""

from __future__ import annotations

import decimal
import json
import math
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import penchant
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.data.io.catalog_tables import read_catalog
from penchant.errors import DataError, UnknownIdError

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
SPELLED = st.sampled_from(["17850", "17850.0", "007", "NA", "1e5", "-0", "+1", " x", "nan", "True"])
INTEGERS = st.integers(-(2**63), 2**63 - 1)
text_ids = st.lists(TEXTS | SPELLED, min_size=1, max_size=6, unique=True)
integer_ids = st.lists(
    INTEGERS | st.integers(0, 20) | st.integers(2**53 - 2, 2**53 + 3),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


def pandas(_: Path, ids: list[Any]) -> Interactions:
    return penchant.read_interactions(pd.DataFrame({"user": ids, "item": "a"}))


def polars(_: Path, ids: list[Any]) -> Interactions:
    return penchant.read_interactions(pl.DataFrame({"user": ids, "item": "a"}))


def arrow(_: Path, ids: list[Any]) -> Interactions:
    return penchant.read_interactions(pa.table({"user": ids, "item": ["a"] * len(ids)}))


def parquet(folder: Path, ids: list[Any]) -> Interactions:
    path = folder / "log.parquet"
    pl.DataFrame({"user": ids, "item": "a"}).write_parquet(path)
    return penchant.read_interactions(path)


def tuples(_: Path, ids: list[Any]) -> Interactions:
    return penchant.read_interactions([(one, "a") for one in ids])


def json_lines(folder: Path, ids: list[Any]) -> Interactions:
    path = folder / "log.jsonl"
    lines = [json.dumps({"user": one, "item": "a"}) + "\n" for one in ids]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return penchant.read_interactions(path)


def query(folder: Path, ids: list[Any]) -> Interactions:
    path = folder / "log.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute('CREATE TABLE log ("user", item)')
        con.executemany("INSERT INTO log VALUES (?, 'a')", [(one,) for one in ids])
        con.commit()
    return penchant.read_interactions(f"sqlite:///{path}", query="SELECT * FROM log")


def text(folder: Path, ids: list[Any]) -> Interactions:
    path = folder / "log.csv"
    lines = ["user,item\n"]
    lines += ['"' + str(one).replace('"', '""') + '",a\n' for one in ids]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return penchant.read_interactions(path, "user", "item")


TYPED: list[Callable[[Path, list[Any]], Interactions]] = [
    pandas, polars, arrow, parquet, tuples, json_lines, query,
]  # fmt: skip


def spellings(one: str | int) -> list[object]:
    """The usual spellings of an id."""
    if isinstance(one, str):
        return [one, np.str_(one)]
    usual: list[object] = [one, np.int64(one), str(one), f"{one}.0", decimal.Decimal(one)]
    return [*usual, float(one), np.float64(one)] if abs(one) < 2**53 else usual


def check_lookups(ids: IdMap) -> None:
    assert all(ids.code(one) == code for code, one in enumerate(ids))
    if ids.are_integers:
        assert all(ids.code(way) == code for code, one in enumerate(ids) for way in spellings(one))
        assert all(ids.parse(str(one)) == one for one in ids)


@settings(max_examples=12)
@given(ids=text_ids)
@example(ids=["a\rb", "a\nb", "a\r\nb", '"', '""', "17850", "17850.0"])
def test_texts_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    for read in [*TYPED, text]:
        made = read(folder, ids)
        assert sorted(made.users) == sorted(ids), read
        check_lookups(made.users)


@settings(max_examples=12)
@given(ids=integer_ids)
@example(ids=[2**53, 2**53 + 1, -(2**53) - 1])
def test_integers_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    for read in TYPED:
        made = read(folder, ids)
        assert sorted(made.users) == sorted(ids), read
        check_lookups(made.users)
    made = text(folder, ids)
    assert sorted(made.users) == sorted(map(str, ids))
    for one in ids:
        for way in spellings(one):
            assert made.users[made.users.code(way)] == str(one)


@settings(max_examples=12)
@given(
    ids=st.lists(st.integers(-(2**54), 2**54) | st.floats(), min_size=1, max_size=4, unique=True)
)
def test_floats_are_integers_or_refused(
    tmp_path_factory: pytest.TempPathFactory, ids: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    floats = [float(one) for one in ids]
    known = {one for one in floats if not math.isnan(one)}
    fit = all(math.isfinite(one) and one == int(one) and abs(one) < 2**53 for one in known)
    for read in (pandas, polars, arrow, parquet):
        if fit and known:
            assert set(read(folder, floats).users) == known, read
        else:
            with pytest.raises(DataError):
                read(folder, floats)


def test_missing_values_make_floats_and_the_ids_stay_integers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"CustomerID": [17850.0, None, 13047.0], "StockCode": ["a", "b", "c"]})
    typed = penchant.read_interactions(frame)
    assert list(typed.users) == [13047, 17850]
    path = tmp_path / "log.csv"
    frame.to_csv(path, index=False)
    read = penchant.read_interactions(path)
    assert list(read.users) == ["13047.0", "17850.0"]  # text stays the text that it is
    frame.dropna().astype({"CustomerID": int}).to_csv(path, index=False)
    whole = penchant.read_interactions(path)
    assert list(whole.users) == ["13047", "17850"]
    for data in (typed, read, whole):
        for way in (17850, "17850", 17850.0, "17850.0", np.int32(17850), np.float32(17850)):
            assert data.users.code(way) == 1
            assert data.history(way) == {"a": 1.0}
        model = penchant.Popularity().fit(data)
        assert model.recommend(17850.0).ids == model.recommend("17850").ids == ["c"]


def test_json_beyond_two_to_the_53_does_not_merge(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    big = [2**53, 2**53 + 1, 2**53 + 2]
    path.write_text("".join(f'{{"user": {n}, "item": 1.0}}\n' for n in [*big, "5.0"]))
    read = penchant.read_interactions(path)
    assert list(read.users) == [5, *big]
    assert list(read.items) == [1]
    for number in ("9007199254740993.0", "1e17", "123456789012345678901", "1.5"):
        path.write_text(f'{{"user": {number}, "item": "a"}}\n')
        with pytest.raises(DataError, match=r"use text|not a whole number"):
            penchant.read_interactions(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_mixed_line_ends_leave_quoted_ids_alone(tmp_path: Path, end: str) -> None:
    path = tmp_path / "log.csv"
    rows = ['"a\rb",x', '"a\nb",x', '"a\r\nb",x', "c,x\r", "d,x\r\n", "e,x"]
    path.write_text(end.join(["user,item", *rows]), encoding="utf-8", newline="")
    read = penchant.read_interactions(path, "user", "item")
    assert sorted(read.users) == sorted(["a\rb", "a\nb", "a\r\nb", "c", "d", "e"])


def test_ids_that_can_mean_several_are_refused_with_the_reason() -> None:
    both = IdMap(["17850", "17850.0"], "user")
    assert [both.code(way) for way in ("17850", "17850.0", 17850)] == [0, 1, 0]
    with pytest.raises(UnknownIdError, match=r"it may be '17850' or '17850\.0'"):
        both.code(17850.0)
    with pytest.raises(UnknownIdError, match="floats of this size merge"):
        IdMap([2**60]).code(float(2**60))
    key = uuid.uuid4()
    assert IdMap([str(key)]).code(key) == 0


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ([1.5], "not a whole number"), ([2.0**53], "does not hold a whole number exactly"),
        ([float("nan")], "does not hold"), ([2**63], "beyond 64 bits"), ([True], "found: bool"),
        ([1, "a"], "found: int, str"), ([None], "found: NoneType"),
        (np.array(["2024-01-01"], "datetime64[D]"), "times"),
    ],
)  # fmt: skip
def test_what_can_not_be_an_id_is_refused_with_the_reason(ids: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        IdMap(ids)


def test_catalogs_and_features_of_other_formats_fit() -> None:
    log = penchant.read_interactions([(1, 17850), (2, 13047)])
    catalog = read_catalog(pd.DataFrame({"id": ["17850", "13047.0"], "name": ["A", "B"]}))
    named = log.with_catalog(catalog)
    assert named.catalog is not None
    assert [named.catalog.name(item) for item in (17850, 13047)] == ["A", "B"]
    assert log.rows_of([{"17850": 2.0, 13047.0: 1.0}]).values.tolist() == [1.0, 2.0]
    with pytest.raises(DataError, match="more than once"):
        log.rows_of([{"17850": 2.0, 17850: 1.0}])


def test_answers_name_ids_as_the_log_does() -> None:
    log = penchant.read_interactions([(1, 10), (1, 11), (2, 11), (2, 12), (3, 13)])
    model = penchant.ItemNeighbors().fit(log)
    answer = model.recommend(["1", 2.0, np.int8(3)], k=3, deny={"1": ["12"], 2.0: [13]})
    assert answer.queries == [1, 2, 3]
    assert all(type(query) is int for query in answer.queries)
    plain = model.recommend([1, 2, 3], k=3, deny={1: [12], 2: [13]})
    assert answer.ids == plain.ids
    assert model.similar_items("11").queries == [11]
    assert model.recommend("1", allow=["12", 13.0]).ids == model.recommend(1, allow=[12, 13]).ids
    assert model.explain("2", "11").ids == model.explain(2, 11).ids
    assert np.array_equal(model.scores(1.0, ["11"]), model.scores(1, [11]))
