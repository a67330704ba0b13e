"""A source that is read, merged and sorted in many parts gives the data set of one part."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.data.disk.logs import COLUMNS, assert_equal
from tests.data.disk.parts import contents, cut_small, write_logs

import penchant
from penchant.data.disk import pieces, run
from penchant.errors import BadLinesError, DataError

MINIMA = {"min_per_user": 9, "min_per_item": 14}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"duplicates": "last"},
    {"duplicates": "max", **MINIMA},
    {"duplicates": "binary", "min_per_user": 0, "min_per_item": 27},
]


def ingested(source: object, target: Path, monkeypatch: Any, **settings: Any) -> dict[str, bytes]:
    """Ingest in one part and in many, compare, and return what the data set holds."""
    with monkeypatch.context() as patched:
        whole = contents_of(source, target, **settings)
        cut_small(patched)
        assert contents_of(source, target, **settings) == whole
    return whole


def contents_of(source: object, target: Path, **settings: Any) -> dict[str, bytes]:
    penchant.ingest(source, target, **{**COLUMNS, **settings})
    return contents(target)


def test_the_parts_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)
    counts: dict[str, int] = {}
    map_tasks = run.Ingest._map

    def spied(self: run.Ingest, function: Any, tasks: Any, *others: Any) -> Any:
        counts[function.__name__] = len(tasks)
        return map_tasks(self, function, tasks, *others)

    monkeypatch.setattr(run.Ingest, "_map", spied)
    penchant.ingest(write_logs(tmp_path), tmp_path / "x.dataset", **COLUMNS)
    assert counts["read_piece"] == 3
    assert min(counts["merge"], counts["sort"]) >= 3


@pytest.mark.parametrize("settings", SETTINGS)
def test_files_of_text(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    ingested(logs, target, monkeypatch, **settings)
    minima = [settings.get(f"min_per_{side}", 1) for side in ("user", "item")]
    read = penchant.read_interactions(logs, **COLUMNS, duplicates=settings.get("duplicates"))
    read = read.threshold(*minima) if max(minima) > 1 else read
    assert_equal(penchant.open_dataset(target), read)


def test_files_of_parquet_whose_columns_are_in_another_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)
    logs = write_logs(tmp_path)
    for number, columns in enumerate(("user, item, value, time", "time, item, value, user")):
        duckdb.execute(
            f"COPY (SELECT {columns} FROM read_csv('{logs.replace('?', str(number))}')) "
            f"TO '{tmp_path / f'{number}.parquet'}' (ROW_GROUP_SIZE 2048)"
        )
    source = str(tmp_path / "*.parquet")
    ingested(source, tmp_path / "x.dataset", monkeypatch)
    read = penchant.read_interactions(source, **COLUMNS)
    assert_equal(penchant.open_dataset(tmp_path / "x.dataset"), read)


@pytest.mark.parametrize("numbers", ["0.1 0.7 -0.3", "0.1 1e15 -3e-9", "1e30 1e-30 3"])
def test_sums_do_not_depend_on_the_parts(
    numbers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = numbers.split()
    for part in range(3):
        rows = [f"u{n % 7},i{n % 5},{values[(n * n + part) % 3]}" for n in range(400)]
        (tmp_path / f"{part}.csv").write_text("\n".join(["user,item,value", *rows]) + "\n")
    for policy in ("sum", "mean", "binary"):
        settings = {"duplicates": policy, "timestamp": None}
        ingested(str(tmp_path / "?.csv"), tmp_path / "x.dataset", monkeypatch, **settings)


def test_pairs_that_come_twice_and_bad_rows_are_reported_as_by_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = write_logs(tmp_path)
    for number in (1, 2):
        with (tmp_path / f"plays{number}.csv").open("a") as file:
            file.write("u1,i1,many,5\nu1\n" * 3)
    cut_small(monkeypatch)
    for settings in ({"on_bad_lines": "error"}, {"on_bad_lines": "skip", "duplicates": "error"}):
        with pytest.raises(DataError) as expected:
            penchant.read_interactions(logs, **COLUMNS, **settings)
        with pytest.raises(type(expected.value), match=re.escape(str(expected.value))):
            penchant.ingest(logs, tmp_path / "x.dataset", **COLUMNS, **settings)
        assert not (tmp_path / "x.dataset").exists()
    stored = penchant.ingest(logs, tmp_path / "x.dataset", **COLUMNS, on_bad_lines="skip")
    assert_equal(stored, penchant.read_interactions(logs, **COLUMNS, on_bad_lines="skip"))
    assert "plays1.csv, line" in str(stored.report.bad_lines)


def test_bad_rows_of_parquet_are_numbered_through_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)
    for number in range(3):
        duckdb.execute(
            "COPY (SELECT 'u' || range AS user, 'i' || range % 9 AS item, CASE WHEN range = 5 THEN "
            f"'x' ELSE '1' END AS value FROM range(900)) TO '{tmp_path / f'{number}.parquet'}'"
        )
    with pytest.raises(BadLinesError) as expected:
        penchant.read_interactions(str(tmp_path / "*.parquet"), "user", "item", "value")
    with pytest.raises(BadLinesError, match=re.escape(str(expected.value))):
        penchant.ingest(
            str(tmp_path / "*.parquet"), tmp_path / "x.dataset", "user", "item", "value"
        )


def test_files_that_differ_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1)
    (tmp_path / "0.jsonl").write_text('{"user": "a", "item": 1}\n')
    (tmp_path / "1.jsonl").write_text('{"user": 2, "item": 1}\n')
    with pytest.raises(
        DataError, match=r"user ids are texts in some files and integers in 1\.json"
    ):
        penchant.ingest(str(tmp_path / "*.jsonl"), tmp_path / "x.dataset", "user", "item")
