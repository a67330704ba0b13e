"""Bad input: errors name the lines, and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.data.io.logfiles import triples, write

import penchant
from penchant.errors import (
    BadLinesError,
    ColumnError,
    DataError,
    EmptyDataError,
    EncodingError,
    SettingsError,
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_bad_lines_are_reported_with_their_numbers(tmp_path: Path, end: str, packed: bool) -> None:
    lines = [
        "user\titem\tn",
        "u\ta\t1",
        "",
        "v\tb",
        "w\tc\t1\tx",
        "u\tb\t1,5",
        "u\tc\tinf",
        "",
        "z\tz\t2",
    ]
    data = gzip.compress(end.join(lines).encode()) if packed else end.join(lines)
    path = write(tmp_path, data)
    with pytest.raises(BadLinesError) as error:
        penchant.read_interactions(path, "user", "item", "n")
    message = str(error.value)
    assert "4 of 6 lines" in message
    assert 'on_bad_lines="skip"' in message
    for told in (
        "line 4: 2 columns instead of 3: 'v\\tb'",
        "line 5: 4 columns instead of 3",
        "line 6: value 1,5 is not a number",
        "line 7: value inf is infinite",
    ):
        assert told in message
    read = penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
    assert triples(read) == {("u", "a"): 1, ("z", "z"): 2}
    assert read.report is not None
    assert (read.report.rows, read.report.bad, read.report.blank) == (6, 4, 2)
    assert any("4 bad lines skipped (line 4" in note for note in read.notes)


def test_line_numbers_hold_after_quoted_line_ends(tmp_path: Path) -> None:
    data = 'user,item,n\n"a\n\n1",b,1\nu,v,oops\n"x"y,z,1\n"open,w,2\np,q,3\n'
    with pytest.raises(BadLinesError) as error:
        penchant.read_interactions(write(tmp_path, data, "log.csv"), "user", "item", "n")
    assert "line 5: value oops is not a number" in str(error.value)
    assert "line 6: a quote that is not closed" in str(error.value)
    assert "line 7: a quote that is not closed" in str(error.value)
    read = penchant.read_interactions(
        tmp_path / "log.csv", "user", "item", "n", on_bad_lines="skip"
    )
    assert triples(read) == {("a\n\n1", "b"): 1, ("p", "q"): 3}


def test_numbers_are_strict(tmp_path: Path) -> None:
    good = {"1": 1, "-2": -2, "1.5": 1.5, "1e2": 100, " 7": 7, "+3": 3, ".5": 0.5}
    rows = "".join(f"u\t{n}\t{text}\n" for n, text in enumerate(good))
    read = penchant.read_interactions(write(tmp_path, rows), 0, 1, 2)
    assert [read.history("u")[str(n)] for n in range(len(good))] == list(good.values())
    for text in ("x", "1_000", "0x10", "true", "--1", "inf", "1e400", "1e39", "١"):
        path = write(tmp_path, f"u\ta\t1\nu\tb\t{text}\n")
        with pytest.raises(BadLinesError, match="line 2"):
            penchant.read_interactions(path, 0, 1, 2)


def test_missing_values_and_zeros_are_dropped_and_counted(tmp_path: Path) -> None:
    data = (
        "user,item,n\nu,a,1\n,a,1\nu,,1\n,,1\nu,b,\nu,c,nan\nu,d,0\nu,e,-0.0\nu,f,1e-60\nu,g,-1\n"
    )
    read = penchant.read_interactions(write(tmp_path, data, "log.csv"), "user", "item", "n")
    assert triples(read) == {("u", "a"): 1, ("u", "g"): -1}
    report = read.report
    assert report is not None
    assert (report.nameless, report.valueless, report.zeros, report.unaccounted) == (3, 2, 3, 0)
    assert "1 of them dislikes" in read.summary()


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = write(tmp_path, b"user\titem\nu\ta\n" + b"u\tcaf\xe9\n")
    with pytest.raises(EncodingError, match=r"line 3 .*0xe9.*latin-1"):
        penchant.read_interactions(path)
    with pytest.raises(EncodingError, match=r'give encoding="cp1252".*first, it reads .café.\)'):
        penchant.read_interactions(path)
    with pytest.raises(EncodingError, match="line 3"):
        penchant.read_interactions(path, encoding="ascii")
    with pytest.raises(EncodingError, match="line 2"):
        penchant.read_interactions(write(tmp_path, b"u\ta\nu\tb\xc3"))
    with pytest.raises(SettingsError, match="no encoding"):
        penchant.read_interactions(path, encoding="klingon")
    with pytest.raises(DataError, match="NUL byte in line 2"):
        penchant.read_interactions(write(tmp_path, b"u\ta\nu\t\0\n"))


@pytest.mark.parametrize(
    ("encoding", "data", "told"),
    [
        ("utf-16", b"user\titem\nu\ta\n", "utf-16-le"),  # no byte order mark
        ("utf-7", b"user\titem\nu\t+2AA-\n", "not utf-7 text"),  # half of a surrogate pair
        ("idna", b"user\titem\nu\tcaf\xe9\n", "not idna text"),  # a codec that replaces nothing
    ],
)
def test_bytes_that_a_codec_refuses_without_a_place(
    tmp_path: Path, encoding: str, data: bytes, told: str
) -> None:
    with pytest.raises(EncodingError, match=told):
        penchant.read_interactions(write(tmp_path, data), encoding=encoding)


@pytest.mark.parametrize(
    ("name", "data", "kind", "told"),
    [
        ("a.csv", b"", EmptyDataError, "empty"),
        ("b.csv", b"\n\r\n", EmptyDataError, "empty"),
        ("c.csv", b"\xef\xbb\xbf", EmptyDataError, "empty"),
        ("d.csv", b"user,item\n", EmptyDataError, "no interactions"),
        ("e.csv.gz", gzip.compress(b"u,a\n" * 999, mtime=0)[:-20], DataError, "cut off"),
        ("f.zip", b"PK\x03\x04rest", DataError, "archive"),
        ("g.parquet", b"PAR1 and nothing else", DataError, "can't be read"),
        ("h.tsv", b"word " * 500_000, DataError, "longer than"),
        ("i.csv", b"one\ntwo\n", DataError, "sep="),
    ],
)
def test_files_that_are_not_tables(
    tmp_path: Path, name: str, data: bytes, kind: type[DataError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        penchant.read_interactions(write(tmp_path, data, name))


def test_a_cut_off_zstd_file_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    import zstandard

    whole = zstandard.compress("".join(f"u{n},i{n * n % 7919}\n" for n in range(9000)).encode())
    path = write(tmp_path, whole + zstandard.compress(b"v,b\n"), "two-frames.csv.zst")
    assert len(penchant.read_interactions(path)) == 9001
    for cut in (len(whole) // 2, len(whole) - 1):
        with pytest.raises(DataError, match="cut off"):
            penchant.read_interactions(write(tmp_path, whole[:cut], "cut.csv.zst"))


def test_no_such_file_or_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        penchant.read_interactions(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="no Parquet"):
        penchant.read_interactions(tmp_path)
    with pytest.raises(DataError, match="give the path"):
        penchant.read_interactions(object())


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, "userID\titem\tn\tday\nu\ta\t1\t2\n")
    with pytest.raises(ColumnError, match=r"no column 'userid'.*'userID', 'item'.*close.*'userID'"):
        penchant.read_interactions(path, "userid", "item")
    with pytest.raises(ColumnError, match="user=9"):
        penchant.read_interactions(path, 9, 1)
    with pytest.raises(ColumnError, match="item= is not given"):
        penchant.read_interactions(path, "userID")
    with pytest.raises(ColumnError, match="no header"):
        penchant.read_interactions(path, "userID", "item", header=False)
    wide = write(tmp_path, "a\tb\tc\td\n1\t2\t3\t4\n")
    with pytest.raises(ColumnError, match="can't tell"):
        penchant.read_interactions(wide)
    twice = write(tmp_path, "u\ti\ti\n1\t2\t3\n")
    with pytest.raises(ColumnError, match="2 columns called 'i'"):
        penchant.read_interactions(twice, "u", "i")


def test_settings_out_of_range(tmp_path: Path) -> None:
    path = write(tmp_path, "u\ta\n")
    for wrong in (
        {"duplicates": "often"}, {"on_bad_lines": "hide"}, {"sep": ""}, {"sep": "abcde"},
        {"quote": "''"}, {"format": "xls"}, {"memory_limit": "lots"}, {"user_ids": ["u"]},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            penchant.read_interactions(path, **wrong)  # type: ignore[arg-type]


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = write(tmp_path, b"u,\xe9\nv,b,c\n", "log.csv")
    with pytest.raises(BadLinesError):
        penchant.read_interactions(path, encoding="latin-1")
    assert list(scratch.iterdir()) == []


def test_a_bad_first_line_does_not_set_the_width(tmp_path: Path) -> None:
    path = write(tmp_path, "oops\nu\ta\nv\tb\n")
    read = penchant.read_interactions(path, 0, 1, on_bad_lines="skip")
    assert set(triples(read)) == {("u", "a"), ("v", "b")}
    with pytest.raises(BadLinesError, match="1 of 3 lines"):
        penchant.read_interactions(path, 0, 1)
