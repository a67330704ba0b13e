"""An interrupted ingest continues where it was, if the source and the settings are the same."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.data.disk.logs import COLUMNS, write_log
from tests.data.disk.parts import contents, cut_small, write_logs

import penchant
from penchant.data.disk import merging, reading, run, sorting
from penchant.data.disk.ingest import ingest
from penchant.data.disk.work import work_folder
from penchant.errors import BadLinesError, DataError, DatasetError, PenchantError

MERGING = "merging the rows of each pair"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that ran."""
    names: list[str] = []

    def spied(function: Any) -> Any:
        def called(first: Any, *others: Any, **options: Any) -> Any:
            names.append(first if isinstance(first, str) else first.name)
            return function(first, *others, **options)

        return called

    for module, function in (
        *((reading, "read_piece"), (merging, "merge"), (sorting, "sort")),
        *((run, "write_codes"), (run, "keep")),
    ):
        monkeypatch.setattr(module, function, spied(getattr(module, function)))
    return names


def interrupt(
    source: object, target: Path, what: str = MERGING, at: int = 2, **settings: Any
) -> None:
    """Ingest until a step has reported its progress so often."""
    reports = 0

    def on_progress(share: float, step: str) -> None:
        nonlocal reports
        reports += step == what
        if reports > at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(source, target, **{**COLUMNS, **settings}, on_progress=on_progress)


STEPS = (
    "reading",
    MERGING,
    *(f"{verb} {side}" for side in ("users", "items") for verb in ("sorting by", "writing")),
)


@pytest.mark.parametrize("what", STEPS)
def test_what_is_complete_is_not_computed_again(
    what: str, tmp_path: Path, calls: list[str]
) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    ingest(logs, tmp_path / "y.dataset", **COLUMNS)
    names = sorted(calls)
    calls.clear()
    at = 0 if what.startswith("writing") else 3
    interrupt(logs, target, what, at)
    n_before = len(calls)
    assert n_before >= 2
    ingest(logs, target, **COLUMNS)
    assert sorted(calls) == names
    assert contents(target) == contents(tmp_path / "y.dataset")
    assert len(list(target.glob("*-*"))) == 1


def test_it_is_told_where_the_parts_are(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logs, target, temp = write_logs(tmp_path), tmp_path / "x.dataset", tmp_path / "temp"
    temp.mkdir()
    interrupt(logs, target, temp_folder=temp)
    (work,) = temp.iterdir()
    assert work.name.startswith("penchant-ingest-x-")
    assert f"what is done is kept in {work}" in caplog.text
    assert not target.exists()
    ingest(logs, target, **COLUMNS, temp_folder=temp)
    assert list(temp.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("settings", r"with other settings \(duplicates, min_per_user\)"),
        ("size", "with another source, or one that has changed since"),
        ("time", "with another source, or one that has changed since"),
        ("files", "with another source, or one that has changed since"),
        ("version", "with another version of penchant"),
    ],
)
def test_another_ingest_begins_from_the_start(
    change: str,
    message: str,
    tmp_path: Path,
    calls: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    settings: dict[str, Any] = {**COLUMNS}
    interrupt(logs, target)
    calls.clear()
    caplog.clear()
    first = tmp_path / "plays0.csv"
    if change == "settings":
        settings |= {"duplicates": "max", "min_per_user": 2}
    elif change == "size":
        first.write_text(first.read_text() + "new,i1,2,3\n")
    elif change == "time":
        os.utime(first, (10**9, 10**9))
    elif change == "files":
        write_log(tmp_path).rename(tmp_path / "plays5.csv")
    else:
        monkeypatch.setattr("penchant.data.disk.ingest.__version__", "9")
    ingest(logs, target, **settings)
    assert any(message.replace("\\", "") in record.message for record in caplog.records)
    assert any(name.startswith("read-000000") for name in calls)
    monkeypatch.undo()
    ingest(logs, tmp_path / "y.dataset", **settings)
    if change != "version":
        assert contents(target) == contents(tmp_path / "y.dataset")
    assert len(list(target.glob("*-*"))) == 1


def test_without_resume_it_begins_from_the_start(
    tmp_path: Path, calls: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    interrupt(logs, target)
    (work,) = target.glob("penchant-ingest-*")
    (work / "own.txt").write_text("a file of the run before")
    calls.clear()
    caplog.clear()
    interrupt(logs, target, resume=False)
    assert [name[:11] for name in calls[:3]] == [f"read-{number:06}" for number in range(3)]
    assert not (work / "own.txt").exists()
    assert len(caplog.records) == 1


def test_a_file_that_was_cut_short_is_not_used(tmp_path: Path, calls: list[str]) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    interrupt(logs, target)
    (rows,) = target.glob("penchant-ingest-*/read-000002-*-rows-*")
    os.truncate(rows, rows.stat().st_size - 7)
    (ids,) = target.glob("penchant-ingest-*/ids-*.done.json")
    ids.write_text("{")
    calls.clear()
    ingest(logs, target, **COLUMNS)
    assert calls[0].startswith("read-000002")
    assert calls[1].startswith("ids-")
    ingest(logs, tmp_path / "y.dataset", **COLUMNS)
    assert contents(target) == contents(tmp_path / "y.dataset")


def test_errors_of_the_data_leave_nothing(tmp_path: Path) -> None:
    logs, target = write_logs(tmp_path), tmp_path / "x.dataset"
    with pytest.raises(BadLinesError):
        ingest(logs, target, "user", "item", "item")
    with pytest.raises(PenchantError, match="repeat a pair"):
        ingest(logs, target, **COLUMNS, duplicates="error")
    assert not target.exists()


def test_files_that_differ_are_refused_when_it_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penchant.data.disk.pieces.PIECE_BYTES", 1)
    for number, user in enumerate(('"a"', "2")):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"user": {user}, "item": 1}}\n')
    settings: dict[str, Any] = dict.fromkeys(("value", "timestamp"))
    source, target = str(tmp_path / "?.jsonl"), tmp_path / "x.dataset"
    with monkeypatch.context() as patched:  # it is killed before they are compared
        patched.setattr(run, "check_alike", lambda first, other: None)
        interrupt(source, target, "numbering the ids", 0, **settings)
    with pytest.raises(DataError, match="user ids are texts in some files and integers in"):
        ingest(source, target, **{**COLUMNS, **settings})


def test_two_ingests_do_not_share_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "penchant-ingest-x"
    with work_folder(path, None, resume=True):
        with pytest.raises(DatasetError, match="another process works in"):
            work_folder(path, None, resume=True).__enter__()
        assert path.is_dir()
    assert not path.exists()


def test_nothing_is_kept_before_a_part_is_complete(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(write_logs(tmp_path), tmp_path / "x.dataset", "reading", 0)
    assert not (tmp_path / "x.dataset").exists()
    assert not caplog.records


def test_a_frame_begins_from_the_start(tmp_path: Path) -> None:
    frame = pl.read_csv(write_log(tmp_path))
    interrupt(frame, tmp_path / "x.dataset")
    assert not (tmp_path / "x.dataset").exists()


def test_what_a_killed_ingest_of_a_frame_left_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "x.dataset"
    frame = pl.read_csv(write_log(tmp_path))
    with monkeypatch.context() as killed:
        killed.setattr("penchant.data.disk.work._empty", lambda path: None)
        interrupt(frame, target)
    assert len(list(target.glob("penchant-ingest-*/*.done.json"))) > 1
    other = pl.read_csv(write_log(tmp_path, seed=5))
    ingest(other, target, **COLUMNS)
    assert "another source" in caplog.text
    ingest(other, tmp_path / "y.dataset", **COLUMNS)
    assert contents(target) == contents(tmp_path / "y.dataset")


def test_a_query_is_read_again_only_if_its_reading_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con = sqlite3.connect(tmp_path / "shop.db")
    con.execute("CREATE TABLE plays (user TEXT, item TEXT)")
    con.executemany("INSERT INTO plays VALUES (?, ?)", [(f"u{n % 9}", f"i{n}") for n in range(400)])
    con.commit()
    con.close()
    target, opened = tmp_path / "x.dataset", []
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    settings = {"query": "SELECT user, item FROM plays", **dict.fromkeys(COLUMNS)}
    open_tables = reading.open_tables

    def spied(*arguments: Any, **options: Any) -> Any:
        opened.append(1)
        return open_tables(*arguments, **options)

    monkeypatch.setattr(reading, "open_tables", spied)
    interrupt(address, target, **settings)
    ingest(address, target, **settings)
    assert len(opened) == 1
    read = penchant.read_interactions(address, query=settings["query"])
    assert penchant.open_dataset(target).users == read.users
