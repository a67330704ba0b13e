"""Whatever columns are called, the same rows are read: no name clashes with those of the reader."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penchant
from penchant.data.interactions import Interactions
from penchant.data.io.catalog_tables import read_catalog
from penchant.data.io.event_tables import read_events
from penchant.data.io.feature_tables import read_features
from penchant.errors import DataError

# names inside the reader, reserved words of SQL, and what makes trouble in quotes
NASTY = [
    "why", "shown", "line", "f", "c_user", "c_item", "c0", "c1", "frame", "source", "staged",
    "rowid", "place", "u", "v", "t", "e", "page", "pulled", "key", "code", "id", "reject_errors",
    "select", "from", "order", "group", "table", "null", "true", "all", "end", "case", "user",
    'a"b', "a'b", "a`b", "a;b", "a--b", "a\\b", "%s", ":x", "?", "$1", "{x}", "/", "~1", "[0]",
    " a", "A", "a", "Ä", "ä", "名前", "имя", "🎵", "", "0", "-1", "None", "nan", "*", "a.b",
]  # fmt: skip
WANTED = {("ann", "x"): 2.0, ("bo", "y"): 3.0}
names = st.lists(
    st.sampled_from(NASTY)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    min_size=4, max_size=6, unique=True,
)  # fmt: skip


def is_clear(columns: list[str]) -> bool:
    """Return whether no column is called what DuckDB calls one without a name: c0, c1, …"""
    others = {name.lower() for name in columns}
    return not any(not name and f"c{place}" in others for place, name in enumerate(columns))


clear_names = names.filter(is_clear)


def rows(columns: list[str]) -> dict[str, list[object]]:
    """Columns in which user, item and value come last, after texts that are no numbers."""
    table: dict[str, list[object]] = {name: ["", "no number"] for name in columns[:-3]}
    return table | {columns[-3]: ["ann", "bo"], columns[-2]: ["x", "y"], columns[-1]: [2, 3]}


def pairs(data: Interactions) -> dict[tuple[object, object], float]:
    return {(u, i): v for u in data.users for i, v in data.history(u).items()}


def check(source: object, columns: list[str], **options: object) -> None:
    read = penchant.read_interactions(source, *columns[-3:], **options)
    assert pairs(read) == WANTED


@settings(max_examples=15)
@given(clear_names)
def test_names_of_frames(columns: list[str]) -> None:
    check(pd.DataFrame(rows(columns)), columns)
    check(pl.DataFrame(rows(columns)), columns)
    check(pa.table(rows(columns)), columns)


@pytest.mark.parametrize("columns", [["why", "", "shown", "c1"], ["a", "C2", "", "b"]])
@pytest.mark.parametrize("kind", ["parquet", "pandas", "polars", "arrow"])
def test_a_column_without_a_name_that_clashes(
    tmp_path: Path, columns: list[str], kind: str
) -> None:
    path = tmp_path / "log.parquet"
    pl.DataFrame(rows(columns)).write_parquet(path)
    makers = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}
    source = path if kind == "parquet" else makers[kind](rows(columns))
    other = next(name for name in columns if name.lower() == f"c{columns.index('')}")
    with pytest.raises(
        DataError,
        match=rf": column {columns.index('')} has no name, .* '{other}', which is "
        rf"that of column {columns.index(other)}: rename one of the two",
    ):
        penchant.read_interactions(source, *columns[-3:])


@settings(max_examples=15)
@given(clear_names)
def test_names_of_parquet(tmp_path_factory: pytest.TempPathFactory, columns: list[str]) -> None:
    path = tmp_path_factory.mktemp("names") / "log.parquet"
    pl.DataFrame(rows(columns)).write_parquet(path)
    check(path, columns)


@settings(max_examples=15)
@given(names)
def test_names_of_json(tmp_path_factory: pytest.TempPathFactory, columns: list[str]) -> None:
    path = tmp_path_factory.mktemp("names") / "log.jsonl"
    table = rows(columns)
    lines = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    check(path, columns)


@settings(max_examples=15)
@given(
    st.lists(
        st.sampled_from([n for n in NASTY if n == n.strip() and n]),
        min_size=4, max_size=6, unique=True,
    )
)  # fmt: skip
def test_names_of_text(tmp_path_factory: pytest.TempPathFactory, columns: list[str]) -> None:
    path = tmp_path_factory.mktemp("names") / "log.csv"
    pd.DataFrame(rows(columns)).to_csv(path, index=False)
    check(path, columns, sep=",")


@settings(max_examples=15)
@given(names)
def test_names_of_queries(tmp_path_factory: pytest.TempPathFactory, columns: list[str]) -> None:
    path = tmp_path_factory.mktemp("names") / "log.db"
    table = rows(columns)
    chosen = ", ".join(
        f'c{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(columns)
    )
    with closing(sqlite3.connect(path)) as con:
        con.execute(f"CREATE TABLE log ({', '.join(f'c{n}' for n in range(len(columns)))})")
        con.executemany(
            f"INSERT INTO log VALUES ({', '.join('?' * len(columns))})",
            list(zip(*table.values(), strict=True)),
        )
        con.commit()
    check(f"sqlite:///{path}", columns, query=f"SELECT {chosen} FROM log")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_column_called_why_drops_nothing(make: object) -> None:
    table = {"user": ["ann", "bo"], "item": ["x", "y"], "n": [2, 3], "why": ["bought", None]}
    assert pairs(penchant.read_interactions(make(table))) == WANTED  # type: ignore[operator]
    catalog = read_catalog(pd.DataFrame({"id": ["x"], "why": ["a"], "name": ["X"]}))
    assert catalog.name("x") == "X"


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_names_that_differ_in_case_are_two_columns(make: object, tmp_path: Path) -> None:
    table = {"ID": ["ann", "bo"], "id": ["x", "y"], "Id": [2, 3]}
    frame = make(table)  # type: ignore[operator]
    assert pairs(penchant.read_interactions(frame, "ID", "id", "Id")) == WANTED
    path = tmp_path / "log.parquet"
    pl.DataFrame(table).write_parquet(path)
    assert pairs(penchant.read_interactions(path, "ID", "id", "Id")) == WANTED


def test_a_name_that_comes_twice_goes_by_position() -> None:
    frame = pd.DataFrame([["ann", "x", 2], ["bo", "y", 3]], columns=["a", "a", "n"])
    with pytest.raises(DataError, match="2 columns called 'a': give a position"):
        penchant.read_interactions(frame, "a", "a")
    assert pairs(penchant.read_interactions(frame, 0, 1, "n")) == WANTED


def test_only_the_columns_that_are_needed_have_to_be_right() -> None:
    frame = pd.DataFrame({"user": ["ann", "bo"], "item": ["x", "y"], "n": [2, 3]})
    frame["mixed"] = [1, "a"]
    frame["objects"] = [{"a": 1}, [2]]
    assert pairs(penchant.read_interactions(frame)) == WANTED
    with pytest.raises(DataError, match="mixes types: int, str"):
        penchant.read_interactions(frame, "user", "mixed")


@settings(max_examples=15)
@given(clear_names)
def test_names_in_the_other_readers(columns: list[str]) -> None:
    item, what, user = columns[:3]
    table = {key: ["p", "q"] for key in columns} | {item: ["x", "y"], user: ["ann", "bo"]}
    catalog = read_catalog(pd.DataFrame(table), item=item, name=what)
    assert [catalog.name(one) for one in ("x", "y")] == ["p", "q"]
    events = read_events(pl.DataFrame(table), user, item, what)
    assert events.counts() == {"p": 1, "q": 1}
    features = read_features(pa.table(table), item)
    assert set(features.names) == {f"{name}={v}" for name in columns[1:] for v in table[name]}
    long = read_features(pd.DataFrame(table), item, what)
    assert set(long.names) == {"p", "q"}
