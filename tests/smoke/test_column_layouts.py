"""Usual column layouts, named and unnamed, give the same interactions however they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.cli.conftest import run

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import ColumnError

USERS = [f"u{n % 7}" for n in range(40)]
ITEMS = [f"i{n % 11}" for n in range(40)]
RATINGS = [1 + n % 5 for n in range(40)]
PLAYS = [1 + n * n % 90 for n in range(40)]
SECONDS = [874_965_758 + 1_000 * n for n in range(40)]
MILLISECONDS = [1_000 * second for second in SECONDS]
DATES = [f"2024-03-{1 + n % 28:02d} 12:{n:02d}:00" for n in range(40)]
TEXTS = [f"a title, {n % 3}" for n in range(40)]


@dataclass(frozen=True)
class Layout:
    """The columns of a table, and what they have to be taken for."""

    columns: dict[str, list[Any]]
    user: str
    item: str
    value: str | None = None
    timestamp: str | None = None


LAYOUTS = {
    "likes": Layout({"user_id": USERS, "item_id": ITEMS}, "user_id", "item_id"),
    "ratings": Layout(
        {"userId": USERS, "movieId": ITEMS, "rating": RATINGS}, "userId", "movieId", "rating"
    ),
    "movielens": Layout(
        {"userId": USERS, "movieId": ITEMS, "rating": RATINGS, "timestamp": SECONDS},
        "userId", "movieId", "rating", "timestamp",
    ),
    "times": Layout(
        {"user_id": USERS, "item_id": ITEMS, "timestamp": SECONDS},
        "user_id", "item_id", None, "timestamp",
    ),
    "milliseconds": Layout(
        {"visitorid": USERS, "itemid": ITEMS, "ts": MILLISECONDS},
        "visitorid", "itemid", None, "ts",
    ),
    "dates": Layout(
        {"customer": USERS, "product": ITEMS, "created_at": DATES},
        "customer", "product", None, "created_at",
    ),
    "plays": Layout(
        {"userID": USERS, "artistID": ITEMS, "weight": PLAYS}, "userID", "artistID", "weight"
    ),
    "counts": Layout(
        {"item": ITEMS, "user": USERS, "date": DATES, "count": PLAYS},
        "user", "item", "count", "date",
    ),
    "titles": Layout(
        {"user_id": USERS, "track_id": ITEMS, "title": TEXTS, "plays": PLAYS, "time": SECONDS},
        "user_id", "track_id", "plays", "time",
    ),
    "time first": Layout(
        {"timestamp": SECONDS, "uid": USERS, "isbn": ITEMS, "stars": RATINGS, "year": PLAYS},
        "uid", "isbn", "stars", "timestamp",
    ),
}  # fmt: skip
UNNAMED = {
    "likes": Layout({"a": USERS, "b": ITEMS}, "a", "b"),
    "ratings": Layout({"a": USERS, "b": ITEMS, "c": RATINGS}, "a", "b", "c"),
    "plays": Layout({"a": USERS, "b": ITEMS, "c": PLAYS}, "a", "b", "c"),
    "times": Layout({"a": USERS, "b": ITEMS, "c": SECONDS}, "a", "b", None, "c"),
    "milliseconds": Layout({"a": USERS, "b": ITEMS, "c": MILLISECONDS}, "a", "b", None, "c"),
    "dates": Layout({"a": USERS, "b": ITEMS, "c": DATES}, "a", "b", None, "c"),
    "movielens": Layout(
        {"a": USERS, "b": ITEMS, "c": RATINGS, "d": SECONDS}, "a", "b", "c", "d"
    ),
    "time before value": Layout(
        {"a": USERS, "b": ITEMS, "c": SECONDS, "d": RATINGS}, "a", "b", "d", "c"
    ),
    "dates and plays": Layout({"a": USERS, "b": ITEMS, "c": DATES, "d": PLAYS}, "a", "b", "d", "c"),
    "integer ids": Layout(
        {"a": PLAYS, "b": RATINGS, "c": RATINGS, "d": SECONDS}, "a", "b", "c", "d"
    ),
}  # fmt: skip
AMBIGUOUS = {
    "two values": (
        {"user_id": USERS, "item_id": ITEMS, "rating": RATINGS, "plays": PLAYS},
        "value",
    ),
    "two items": ({"user_id": USERS, "track_id": ITEMS, "artist_id": TEXTS}, "item"),
    "nothing fits": ({"a": USERS, "b": ITEMS, "c": TEXTS}, "user"),
    "times first": ({"a": SECONDS, "b": USERS, "c": ITEMS}, "user"),
}


def expected(layout: Layout) -> dict[tuple[str, str], float]:
    """The pairs of a layout with their sums, as text."""
    columns = layout.columns
    values = columns[layout.value] if layout.value else [None] * 40
    pairs: dict[tuple[str, str], float] = {}
    for user, item, value in zip(columns[layout.user], columns[layout.item], values, strict=True):
        pair = str(user), str(item)
        pairs[pair] = 1 if value is None else pairs.get(pair, 0) + value
    return pairs


def pairs(data: Interactions) -> dict[tuple[str, str], float]:
    return {(str(u), str(i)): v for u in data.users for i, v in data.history(u).items()}


def text_file(folder: Path, columns: dict[str, list[Any]], *, header: bool) -> Path:
    path = folder / ("log.csv" if header else "bare.csv")
    pd.DataFrame(columns).to_csv(path, index=False, header=header)
    return path


def query(folder: Path, columns: dict[str, list[Any]]) -> Interactions:
    path = folder / "log.db"
    with closing(sqlite3.connect(path)) as con:
        pd.DataFrame(columns).to_sql("log", con, index=False)
    return penchant.read_interactions(f"sqlite:///{path}", query="SELECT * FROM log")


def json_lines(folder: Path, columns: dict[str, list[Any]]) -> Interactions:
    path = folder / "log.jsonl"
    pd.DataFrame(columns).to_json(path, orient="records", lines=True)
    return penchant.read_interactions(path)


def parquet(folder: Path, columns: dict[str, list[Any]]) -> Interactions:
    path = folder / "log.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return penchant.read_interactions(path)


def command(folder: Path, columns: dict[str, list[Any]], *, header: bool = True) -> Interactions:
    """What ``penchant fit`` reads, and the same rule in its first lines."""
    model = folder / "model.penchant"
    fit = run("fit", text_file(folder, columns, header=header), "--model", "popularity",
              "-o", model)  # fmt: skip
    assert fit.code == 0, fit.err
    read = penchant.load(model).interactions
    for note in read.notes:
        assert note in fit.out
    return read


WAYS: dict[str, Callable[[Path, dict[str, list[Any]]], Interactions]] = {
    "pandas": lambda _, columns: penchant.read_interactions(pd.DataFrame(columns)),
    "polars": lambda _, columns: penchant.read_interactions(pl.DataFrame(columns)),
    "arrow": lambda _, columns: penchant.read_interactions(pa.table(columns)),
    "CSV": lambda folder, columns: penchant.read_interactions(
        text_file(folder, columns, header=True)
    ),
    "Parquet": parquet,
    "JSON": json_lines,
    "query": query,
    "command": command,
}


def check(read: Interactions, layout: Layout) -> None:
    assert pairs(read) == expected(layout)
    assert (read.timestamps is not None) == (layout.timestamp is not None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_named_columns(name: str, way: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    read = WAYS[way](tmp_path, layout.columns)
    check(read, layout)
    told = "\n".join(read.notes)
    for role in ("user", "item", "value", "timestamp"):
        column = getattr(layout, role)
        assert (f"{role} from {column!r}" in told) == (column is not None)
    used = {layout.user, layout.item, layout.value, layout.timestamp}
    for column in set(layout.columns) - used:
        assert "not used: " in told
        assert repr(column) in told.partition("not used: ")[2]
    is_scale = layout.value in ("rating", "stars")
    assert ("explicit scale" in told) == is_scale
    assert told in read.summary().replace("\n  ", "\n")


def unnamed_frame(columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(dict(enumerate(columns.values())))


UNNAMED_WAYS: dict[str, Callable[[Path, dict[str, list[Any]]], Interactions]] = {
    "pandas": lambda _, columns: penchant.read_interactions(unnamed_frame(columns)),
    "polars": lambda _, columns: penchant.read_interactions(pl.DataFrame(list(columns.values()))),
    "arrow": lambda _, columns: penchant.read_interactions(
        pa.table(list(columns.values()), names=[f"f{n}" for n in range(len(columns))])
    ),
    "CSV": lambda folder, columns: penchant.read_interactions(
        text_file(folder, columns, header=False)
    ),
    "command": lambda folder, columns: command(folder, columns, header=False),
}


@pytest.mark.parametrize("way", UNNAMED_WAYS)
@pytest.mark.parametrize("name", UNNAMED)
def test_unnamed_columns(name: str, way: str, tmp_path: Path) -> None:
    layout = UNNAMED[name]
    read = UNNAMED_WAYS[way](tmp_path, layout.columns)
    check(read, layout)
    assert "assumed, since no column name says so: user from" in "\n".join(read.notes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_table_is_an_error_with_the_call_to_make(
    name: str, way: str, tmp_path: Path
) -> None:
    columns, role = AMBIGUOUS[name]
    if way == "command":
        path = text_file(tmp_path, columns, header=True)
        fit = run("fit", path, "-o", tmp_path / "model.penchant")
        assert fit.code == 1
        assert f"--{role} " in fit.err
        assert "user=" not in fit.err
        assert not (tmp_path / "model.penchant").exists()
    else:
        with pytest.raises(ColumnError, match=rf"{role}=['\d]") as error:
            WAYS[way](tmp_path, columns)
        assert "can't tell" in str(error.value)


@pytest.mark.parametrize("name", ["likes", "ratings", "plays", "movielens", "integer ids"])
def test_tuples(name: str) -> None:
    layout = UNNAMED[name]
    check(penchant.read_interactions(list(zip(*layout.columns.values(), strict=True))), layout)
