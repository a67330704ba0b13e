"""A data set on disk equals what ``read_interactions`` reads."""

from __future__ import annotations

import copy
import csv
import os
import pickle
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.disk.logs import COLUMNS, assert_blocks, assert_equal, write_log

import penchant
from penchant.data.blocks import block_bounds
from penchant.data.disk import merging, sorting
from penchant.data.disk.stored import StoredInteractions
from penchant.errors import (
    BadLinesError,
    DataError,
    DatasetError,
    EmptyDataError,
    SettingsError,
)

TEXTS = st.sampled_from(["ann", "Bo", "", "é", "zoë", "007", "7", 'a "b"', "x,y", "NA", " c", "漢"])
RECORDS = st.lists(
    st.tuples(TEXTS, TEXTS, st.sampled_from(["1", "2", "-1", "0", "", "0.5"]), st.integers(0, 9)),
    min_size=1,
    max_size=30,
)
MINIMA = st.sampled_from([(1, 1), (2, 1), (0, 2), (2, 2), (3, 0)])


# an ingest takes some 0.3 s: fewer examples than elsewhere
@settings(max_examples=15)
@given(RECORDS, st.sampled_from(["sum", "binary", "max", "last", "mean"]), MINIMA, st.booleans())
def test_texts_are_ingested_as_they_are_read(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[str, str, str, int]],
    duplicates: str,
    minima: tuple[int, int],
    timed: bool,
) -> None:
    folder = tmp_path_factory.mktemp("law")
    path = folder / "log.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "value", "time"])
        writer.writerows(records)
    columns = {name: name for name in ("user", "item", "value")}
    columns |= {"timestamp": "time"} if timed else {}
    target, least = folder / "log.dataset", {"min_per_user": minima[0], "min_per_item": minima[1]}
    try:
        read = penchant.read_interactions(path, **columns, duplicates=duplicates)
        read = read.threshold(*minima) if max(minima) > 1 else read
    except EmptyDataError as error:
        with pytest.raises(EmptyDataError, match=re.escape(str(error))):
            penchant.ingest(path, target, **columns, duplicates=duplicates, **least)
        assert not target.exists()
        return
    assert_equal(penchant.ingest(path, target, **columns, duplicates=duplicates, **least), read)


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 5)), min_size=1))
def test_integers_stay_integers(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]
) -> None:
    frame = pl.DataFrame(pairs, schema=["user", "item"], orient="row")
    target = tmp_path_factory.mktemp("law") / "x.dataset"
    read = penchant.read_interactions(frame, "user", "item")
    stored = penchant.ingest(frame, target, "user", "item")
    assert_equal(stored, read)
    assert stored.users.are_integers
    assert [stored.users.get(str(user)) for user, _ in pairs] == [
        read.users.get(user) for user, _ in pairs
    ]


def test_many_small_slices_and_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "FETCHED_AT_ONCE", 7)
    bounds = "penchant.data.disk.writing.block_bounds"
    monkeypatch.setattr(bounds, lambda indptr: block_bounds(indptr, 30))
    log = write_log(tmp_path)
    stored = penchant.ingest(log, tmp_path / "x.dataset", **COLUMNS)
    assert_equal(stored, penchant.read_interactions(log, **COLUMNS))
    assert stored.blocks is not None
    assert len(stored.blocks.users.blocks) > 5


def test_a_query_and_a_glob(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_log(tmp_path, seed=seed).rename(tmp_path / f"part{seed}.csv")
    stored = penchant.ingest(str(tmp_path / "part*.csv"), tmp_path / "x.dataset", **COLUMNS)
    assert_equal(stored, penchant.read_interactions(str(tmp_path / "part*.csv"), **COLUMNS))
    con = sqlite3.connect(tmp_path / "shop.db")
    con.execute("CREATE TABLE plays (user TEXT, item INTEGER)")
    con.executemany("INSERT INTO plays VALUES (?, ?)", [("ann", 3), ("bo", 3), ("ann", 4)])
    con.commit()
    con.close()
    address, query = f"sqlite:///{tmp_path / 'shop.db'}", "SELECT user, item FROM plays"
    stored = penchant.ingest(address, tmp_path / "y.dataset", query=query)
    assert_equal(stored, penchant.read_interactions(address, query=query))


def test_models_and_splits_take_it(tmp_path: Path) -> None:
    log = write_log(tmp_path)
    read = penchant.read_interactions(log, **COLUMNS)
    stored = penchant.ingest(log, tmp_path / "plays.dataset", **COLUMNS)
    fits = [penchant.ALS(factors=4, iterations=2).fit(data) for data in (stored, read)]
    np.testing.assert_array_equal(fits[0].item_factors, fits[1].item_factors)
    assert str(fits[0].recommend("u1", k=3)) == str(fits[1].recommend("u1", k=3))
    split = penchant.split.leave_last_out(stored)
    assert split.train.nnz == penchant.split.leave_last_out(read).train.nnz
    assert split.train.blocks is None
    fits[0].save(tmp_path / "m.penchant")
    assert penchant.load(tmp_path / "m.penchant").users == read.users


def test_the_reader_and_copies_open_it(tmp_path: Path) -> None:
    log = write_log(tmp_path)
    stored = penchant.ingest(log, tmp_path / "plays.dataset", **COLUMNS)
    opened = penchant.read_interactions(tmp_path / "plays.dataset")
    assert isinstance(opened, StoredInteractions)
    with pytest.raises(SettingsError, match="leave out user="):
        penchant.read_interactions(tmp_path / "plays.dataset", "user", "item")
    catalog = penchant.Catalog(opened.items[:3], names=["a", "b", "c"])
    named = opened.with_catalog(catalog)
    assert named.blocks is not None
    for again in (copy.copy(named), copy.deepcopy(named), pickle.loads(pickle.dumps(named))):
        assert again.catalog is not None
        assert_blocks(again)
        assert again.summary() == stored.summary()


def test_nothing_is_mapped_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.dataset"
    penchant.ingest(write_log(tmp_path), target, **COLUMNS)
    monkeypatch.setattr("penchant.data.disk.storage.LocalStorage.map", None)
    stored = penchant.open_dataset(target)
    assert stored.nnz == sum(part.nnz for _, part in stored.blocks.users)
    assert f"{stored.n_users} users" in repr(stored)
    assert stored.density > 0
    assert stored.summary()


def test_a_new_data_set_takes_the_place_of_the_old(tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    old = penchant.ingest(log, target, **COLUMNS)
    mapped = old.csr
    write_log(tmp_path, 50, seed=3)
    new = penchant.ingest(log, target, **COLUMNS)
    assert new.nnz < mapped.nnz == len(mapped.values)
    assert len(list(target.glob("data-*"))) == 1
    with pytest.raises(BadLinesError):
        penchant.ingest(log, target, "user", "item", "item")
    assert penchant.open_dataset(target).nnz == new.nnz
    assert len(list(target.glob("*-*"))) == 1


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("x", SettingsError, "ends in .dataset"),
        ("none/x.dataset", SettingsError, "there is no folder"),
        ("taken.dataset", DatasetError, "holds 'mine.txt'"),
        ("file.dataset", DatasetError, "it is a file"),
    ],
)
def test_places_that_are_refused(
    tmp_path: Path, name: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "taken.dataset").mkdir()
    (tmp_path / "taken.dataset" / "mine.txt").write_text("keep")
    (tmp_path / "file.dataset").write_text("keep")
    with pytest.raises(error, match=message):
        penchant.ingest(write_log(tmp_path), tmp_path / name, **COLUMNS)
    assert (tmp_path / "taken.dataset" / "mine.txt").read_text() == "keep"


def test_arguments_that_are_refused(tmp_path: Path) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    with pytest.raises(SettingsError, match="memory_limit"):
        penchant.ingest(log, target, memory_limit="some")
    with pytest.raises(SettingsError, match="duplicates must be"):
        penchant.ingest(log, target, duplicates="first")
    with pytest.raises(SettingsError, match="min_per_user"):
        penchant.ingest(log, target, min_per_user=-1)
    with pytest.raises(SettingsError, match="there is no folder"):
        penchant.ingest(log, target, temp_folder=tmp_path / "none")
    with pytest.raises(DataError, match="repeat a pair"):
        penchant.ingest(log, target, **COLUMNS, duplicates="error")
    assert not target.exists()


def test_the_memory_limit_is_duckdbs_and_it_spills_where_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[str] = []

    def spied(con: Any, query: str, path: Path) -> Path:
        names = ("memory_limit", "temp_directory")
        settings = [f"current_setting('{name}')" for name in names]
        limits.extend(con.execute(f"SELECT {', '.join(settings)}").fetchone())
        return copy_rows(con, query, path)

    copy_rows = merging.copy
    monkeypatch.setattr(merging, "copy", spied)
    temp = tmp_path / "temp"
    temp.mkdir()
    penchant.ingest(
        write_log(tmp_path), tmp_path / "x.dataset", memory_limit="64MiB", temp_folder=temp
    )
    assert limits[0] == "64.0 MiB"
    assert Path(limits[1]).is_relative_to(temp)
    assert list(temp.iterdir()) == []


def test_other_folders_beside_the_temporary_files_stay(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    own = [temp / name for name in ("scratch-2019", "data-2019", "workspace")]
    for folder in own:
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))  # abandoned long ago, by its age
    penchant.ingest(write_log(tmp_path), tmp_path / "x.dataset", temp_folder=temp)
    assert sorted(temp.iterdir()) == sorted(own)


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    shares: list[tuple[float, str]] = []
    penchant.ingest(
        write_log(tmp_path),
        tmp_path / "x.dataset",
        on_progress=lambda share, what: shares.append((share, what)),
    )
    assert [share for share, _ in shares] == sorted(share for share, _ in shares)
    assert shares[-1][0] == 1.0
    assert {"reading", "sorting by users", "writing items"} <= {what for _, what in shares}


def test_a_data_set_of_a_later_version_is_kept_until_the_new_one_is_complete(
    tmp_path: Path,
) -> None:
    log, target = write_log(tmp_path), tmp_path / "x.dataset"
    penchant.ingest(log, target, **COLUMNS)
    manifest = target / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    (later,) = target.glob("data-*")
    with pytest.raises(BadLinesError):
        penchant.ingest(log, target, "user", "item", "item")
    assert list(target.glob("*-*")) == [later]
    penchant.ingest(log, target, **COLUMNS)
    assert not later.exists()
    assert len(list(target.glob("*-*"))) == 1
