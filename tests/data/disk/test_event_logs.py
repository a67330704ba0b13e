"""A data set of a log of events is what ``read_events(…).weighted(…)`` makes of it in memory."""

from __future__ import annotations

import contextlib
import csv
import json
import random
import re
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.disk.logs import assert_blocks, assert_equal
from tests.data.disk.parts import contents, cut_small
from tests.engines.serial import SerialExecutor

import penchant
from penchant.data.disk import layout, sorting, weighing
from penchant.data.disk.progress import CONTINUES
from penchant.data.interactions import Interactions
from penchant.engines.cluster.engine import Cluster
from penchant.errors import (
    ColumnError,
    DataError,
    EmptyDataError,
    PenchantError,
    SettingsError,
    UnknownIdError,
)

COLUMNS: dict[str, Any] = {"user": "user", "item": "item", "event": "what"}
TIMED = {**COLUMNS, "value": "n", "timestamp": "at"}
TYPES = ["view", "buy", "skip", ""]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bo", "é", ""]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(TYPES),
        st.sampled_from(["1", "2", "0.1", "-0.3", "0", ""]),
        st.integers(0, 40),
    ),
    min_size=1,
    max_size=40,
)
WEIGHTS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["view", "buy", "skip", "bye"]),
        st.sampled_from([0, 1, 5, -2, 0.1, -0.1, 1e-300]),
        max_size=3,
    ),
)
AGES = st.sampled_from(
    [{}, {"half_life": 7}, {"half_life": 0.02, "now": 45}, {"half_life": "3s", "now": 20}]
)
MINIMA = st.sampled_from([(1, 1), (2, 1), (0, 2), (2, 2)])


def write(path: Path, rows: list[Any]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["user", "item", "what", "n", "at"], *rows])
    return path


def draw_logs(folder: Path, types: tuple[str, ...] = ("view", "buy", "skip")) -> str:
    """Write three files of a log of events, and return their glob."""
    draw = random.Random(5)
    for number in range(3):
        rows = [
            (f"u{draw.randrange(40)}", f"i{draw.randrange(9)}", draw.choice(types),
             draw.choice(["1", "0.7", "3"]), draw.randrange(10**6))
            for _ in range(300)
        ]  # fmt: skip
        write(folder / f"events{number}.csv", rows)
    return str(folder / "events?.csv")


def in_memory(
    source: object, columns: dict[str, Any], minima: tuple[int, int] = (1, 1), **weighting: Any
) -> Interactions:
    read = penchant.read_events(source, **columns).weighted(**weighting)
    return read.threshold(*minima) if max(minima) > 1 else read


# an ingest takes some 0.3 s: fewer examples than elsewhere
@settings(max_examples=25)
@given(ROWS, WEIGHTS, AGES, MINIMA, st.booleans())
def test_it_equals_the_weighted_events(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Any],
    weights: dict[str, float] | None,
    ages: dict[str, Any],
    minima: tuple[int, int],
    valued: bool,
) -> None:
    folder = tmp_path_factory.mktemp("law")
    source, target = write(folder / "log.csv", rows), folder / "log.dataset"
    columns = COLUMNS | ({"value": "n"} if valued else {}) | ({"timestamp": "at"} if ages else {})
    least = {"min_per_user": minima[0], "min_per_item": minima[1]}
    weighting = {"weights": weights, **ages}
    try:
        read = in_memory(source, columns, minima, **weighting)
    except PenchantError as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            penchant.ingest(source, target, **columns, **least, **weighting)
        assert list(folder.iterdir()) == [source]
        return
    stored = penchant.ingest(source, target, **columns, **least, **weighting)
    assert_equal(stored, read) if not ages else assert_close(stored, read)


def assert_close(stored: Interactions, read: Interactions) -> None:
    """Compare all but the last bits of values, which depend on the library that computes ½ⁿ."""
    np.testing.assert_allclose(stored.csr.values, read.csr.values, rtol=2e-7)
    assert (list(stored.users), list(stored.items)) == (list(read.users), list(read.items))
    np.testing.assert_array_equal(stored.csr.indptr, read.csr.indptr)
    np.testing.assert_array_equal(stored.csr.indices, read.csr.indices)
    np.testing.assert_array_equal(stored.timestamps, read.timestamps)
    assert (stored.newest, stored.n_dislikes) == (read.newest, read.n_dislikes)
    assert (stored.notes, stored.steps, stored.name) == (read.notes, read.steps, read.name)
    assert_blocks(stored)


FRACTIONS = {"view": 0.1, "buy": 1 / 3, "skip": -0.4}
WEIGHTINGS: list[dict[str, Any]] = [
    {"weights": {"view": 1, "buy": 5, "skip": -3}},
    {"weights": FRACTIONS},
    {"weights": FRACTIONS, "half_life": 10**5},
]


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_parts_and_the_tasks_of_a_cluster_write_the_same_bytes(
    weighting: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, target = draw_logs(tmp_path), tmp_path / "x.dataset"
    arguments = {**TIMED, **weighting, "min_per_user": 7}
    read = in_memory(logs, TIMED, (7, 1), **weighting)
    stored = penchant.ingest(logs, target, **arguments)
    assert_close(stored, read) if "half_life" in weighting else assert_equal(stored, read)
    whole = contents(target)
    cut_small(monkeypatch)
    penchant.ingest(logs, target, **arguments)
    assert contents(target) == whole
    with contextlib.closing(Cluster(SerialExecutor(), folder=tmp_path / "shared")) as engine:
        penchant.ingest(logs, target, **arguments, engine=engine)
    assert contents(target) == whole


def test_many_events_of_a_pair_that_cancel_come_to_the_same_as_in_memory(tmp_path: Path) -> None:
    draw = random.Random(3)
    rows = [(f"u{n}", "x", what, "1", "0") for n in range(60) for what in ("view", "skip") * 9]
    draw.shuffle(rows)
    source = write(tmp_path / "log.csv", [("u", "x", "buy", "1", "0"), *rows])
    weights = {"view": 0.1, "skip": -0.1, "buy": 1}
    read = in_memory(source, COLUMNS, weights=weights)
    assert 1 < read.nnz < 61  # in some orders the sum of 0.1 − 0.1 … is 0, in others it is not
    assert_equal(penchant.ingest(source, tmp_path / "x.dataset", **COLUMNS, weights=weights), read)


@pytest.mark.parametrize("weights", [{1: 2, "07": 3}, {1.0: 2, 7: 3}])
def test_types_may_be_numbers(weights: dict[Any, float], tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": ["a", "b"], "item": [3, 4], "what": ["1", "7"]})
    frame.write_parquet(tmp_path / "log.parquet")
    for source in (frame, tmp_path / "log.parquet"):
        try:
            read = in_memory(source, COLUMNS, weights=weights)
        except UnknownIdError as error:
            with pytest.raises(UnknownIdError, match=re.escape(str(error))):
                penchant.ingest(source, tmp_path / "x.dataset", **COLUMNS, weights=weights)
        else:
            stored = penchant.ingest(source, tmp_path / "x.dataset", **COLUMNS, weights=weights)
            assert_equal(stored, read)
            assert stored.history("b") == {4: 3}


def test_a_query_of_a_database(tmp_path: Path) -> None:
    rows = [("ann", "x", "view", 3), ("ann", "x", "buy", 5), ("bo", "y", "skip", 4)]
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as con:
        con.execute("CREATE TABLE log (user TEXT, item TEXT, what TEXT, at INTEGER)")
        con.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)
        con.commit()
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    stored = penchant.ingest(
        address, tmp_path / "x.dataset", query="SELECT * FROM log", event="what",
        timestamp="at", weights={"view": 1, "buy": 5}, half_life=2,
    )  # fmt: skip
    frame = pl.DataFrame(rows, schema=["user", "item", "what", "at"], orient="row")
    columns = {"event": "what", "timestamp": "at"}
    read = in_memory(frame, columns, weights={"view": 1, "buy": 5}, half_life=2)
    np.testing.assert_allclose(stored.csr.values, read.csr.values)
    assert (list(stored.users), stored.n_items) == (["ann", "bo"], 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"event": None, "weights": {"view": 1}}, SettingsError, "weights= is for events"),
        ({"event": None, "half_life": 3}, SettingsError, "half_life= is for events"),
        ({"event": None, "now": 3}, SettingsError, "column of types by event="),
        ({"duplicates": "sum"}, SettingsError, "leave out duplicates="),
        ({"half_life": 3}, DataError, "half_life= needs timestamps"),
        ({"half_life": "soon", "timestamp": "at"}, SettingsError, "half_life must be"),
        ({"weights": {"view": float("nan")}}, SettingsError, r"weights\['view'\]"),
        ({"now": "today"}, SettingsError, "now must be"),
        ({"event": "whet"}, ColumnError, r"no column 'whet'.*'what'"),
        ({"event": "item"}, ColumnError, "another role"),
    ],
)
def test_arguments_that_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    source = write(tmp_path / "log.csv", [("ann", "x", "view", "1", "0")])
    with pytest.raises(error, match=message):
        penchant.ingest(source, tmp_path / "x.dataset", **{**COLUMNS, **arguments})
    assert list(tmp_path.iterdir()) == [source]


def test_logs_that_hold_no_events_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = (
        write(tmp_path / "log.csv", [("ann", "x", "", "1", "0")]),
        tmp_path / "x.dataset",
    )
    for read in (penchant.read_events, lambda log, **more: penchant.ingest(log, target, **more)):
        with pytest.raises(EmptyDataError, match=r"log\.csv holds no events: 1 rows; 1 incomp"):
            read(source, **COLUMNS)
    monkeypatch.setattr(weighing, "MOST_TYPES", 1)
    write(source, [("ann", "x", "view", "1", "0"), ("ann", "x", "buy", "1", "0")])
    with pytest.raises(DataError, match="there are 2 types of events"):
        penchant.ingest(source, target, **COLUMNS, weights={"view": 1})
    assert penchant.ingest(source, target, **COLUMNS).nnz == 1


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({}, ""),
        ({"weights": {"buy": 2.0, "view": 1.0}}, ""),
        ({"half_life": 1800.0}, ""),
        ({"weights": {"view": 1, "buy": 3}}, "weights"),
        ({"half_life": None}, "half_life"),
        ({"now": 10**6}, "now"),
        ({"event": "n", "weights": None, "value": None}, "value, event, weights"),
    ],
)
def test_an_ingest_with_other_weights_begins_from_the_start(
    change: dict[str, Any], differs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    cut_small(monkeypatch)
    logs, target = draw_logs(tmp_path), tmp_path / "x.dataset"
    arguments: dict[str, Any] = {**TIMED, "weights": {"view": 1, "buy": 2}, "half_life": "0.5h"}
    with monkeypatch.context() as patched:
        patched.setattr(sorting, "sort", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            penchant.ingest(logs, target, **arguments)
    caplog.clear()
    steps: list[str] = []
    arguments |= change
    penchant.ingest(logs, target, **arguments, on_progress=lambda _, what: steps.append(what))
    told = [record.message for record in caplog.records if "interrupted" in record.message]
    assert (CONTINUES in steps) == (not differs)
    assert not told if not differs else f"with other settings ({differs}):" in told[0]
    resumed = contents(target)
    monkeypatch.undo()
    penchant.ingest(logs, target, **arguments)
    assert contents(target) == resumed


def _interrupted(task: object) -> None:
    raise KeyboardInterrupt


def test_manifests_without_lines_of_events_are_read(tmp_path: Path) -> None:
    source = write(tmp_path / "log.csv", [("ann", "x", "view", "1", "0")])
    manifest = penchant.ingest(source, tmp_path / "x.dataset", "user", "item")._files.manifest
    older = json.loads(layout.to_json(manifest))
    del older["dataset"]["notes"]
    older["crc32"] = zlib.crc32(json.dumps(older["dataset"], sort_keys=True).encode())
    assert layout.from_json(json.dumps(older).encode()) == manifest
