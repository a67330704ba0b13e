"""A look at a file chooses the columns that reading it chooses."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import penchant
from penchant.data.io.options import ReaderOptions
from penchant.data.io.preview import preview
from penchant.data.io.roles import ROLES
from penchant.errors import DataError

OPEN = dict.fromkeys(ROLES)
TEXT = "user,item,plays,what\n" + "".join(f"u{n % 9},i{n % 7},{n % 4},w\n" for n in range(60))


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".jsonl", ".parquet"])
def test_the_choice_is_the_readers(tmp_path: Path, suffix: str) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / f"log{suffix}"
    frame = pandas.DataFrame([line.split(",") for line in TEXT.split()[1:]])
    frame.columns = TEXT.split()[0].split(",")
    if suffix == ".parquet":
        frame.astype({"plays": int}).to_parquet(path)
    elif suffix == ".jsonl":
        frame.astype({"plays": int}).to_json(path, orient="records", lines=True)
    else:
        write = gzip.compress if suffix.endswith(".gz") else bytes
        path.write_bytes(write(TEXT.encode()))
    seen = preview(path, OPEN, ReaderOptions())
    assert seen is not None
    assert seen.choice is not None
    names = {role: seen.name(place) for role, place in seen.choice.places.items()}
    assert names == {"user": "user", "item": "item", "value": "plays"}
    assert seen.columns is not None
    first = dict(zip(seen.columns, seen.rows[0], strict=True))
    assert first == {"user": "u0", "item": "i0", "plays": "0", "what": "w"}
    report = penchant.read_interactions(path).notes[0]
    assert all(f"{role} from {name!r}" in report for role, name in names.items())


def test_only_the_begin_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(TEXT.encode() * 2000 + b"\xff\x00 no text\n")
    seen = preview(path, OPEN, ReaderOptions())
    assert seen is not None
    assert seen.columns == ("user", "item", "plays", "what")


def test_a_damaged_archive_is_a_fault_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-20])
    with pytest.raises(DataError, match=r"log.csv.gz is damaged or cut off"):
        preview(path, OPEN, ReaderOptions())


def test_what_is_unclear_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("p,q,r\ns,t,u\n")
    seen = preview(path, OPEN, ReaderOptions())
    assert seen is not None
    assert seen.choice is None
    assert "can't tell which columns" in seen.problem
    assert seen.name(1) == "1"


def test_no_file_has_no_preview(tmp_path: Path) -> None:
    assert preview(tmp_path, OPEN, ReaderOptions()) is None
