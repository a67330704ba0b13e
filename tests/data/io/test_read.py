"""Reading: nothing is shifted, padded or taken for missing, and every row is accounted for."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import (
    BadLinesError,
    ColumnError,
    DataError,
    EmptyDataError,
    EncodingError,
    SettingsError,
)


def write(folder: Path, data: bytes | str, name: str = "log.tsv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def triples(data: Interactions) -> dict[tuple[object, object], float]:
    return {(u, i): v for u in data.users for i, v in data.history(u).items()}


# --- what is read is what is there ------------------------------------------------------


ODD = [
    "NA",
    "null",
    "None",
    "1e5",
    "007",
    " x",
    "x ",
    '"q',
    "nan",
    "NULL",
    "\\N",
    "#a",
    "é",
    "-",
    "'",
]


@pytest.mark.parametrize(
    ("sep", "suffix"), [("\t", ".tsv"), (",", ".csv"), ("|", ".psv"), ("::", "")]
)
def test_ids_survive_exactly(tmp_path: Path, sep: str, suffix: str) -> None:
    odd = [i for i in ODD if suffix != ".csv" or '"' not in i]
    rows = [f"{one}{sep}{one}{sep}{n + 1}" for n, one in enumerate(odd)]
    path = write(tmp_path, "\n".join(["user" + sep + "item" + sep + "n", *rows]), "log" + suffix)
    read = penchant.read_interactions(path, "user", "item", "n")
    assert triples(read) == {(one, one): n + 1 for n, one in enumerate(odd)}
    assert list(read.users) == sorted(odd)


def test_positions_and_looking_for_a_header(tmp_path: Path) -> None:
    bare = write(tmp_path, "u\ta\t2\nv\tb\t3\n", "bare.tsv")
    assert triples(penchant.read_interactions(bare)) == {("u", "a"): 2, ("v", "b"): 3}
    assert triples(penchant.read_interactions(bare, 1, 0)) == {("a", "u"): 1, ("b", "v"): 1}
    assert triples(penchant.read_interactions(bare, 0, 1, -1)) == {("u", "a"): 2, ("v", "b"): 3}
    headed = write(tmp_path, "x\ty\tz\nu\ta\t2\n", "headed.tsv")
    assert triples(penchant.read_interactions(headed, 0, 1, 2)) == {("u", "a"): 2}
    assert len(penchant.read_interactions(headed, 0, 1)) == 2
    assert len(penchant.read_interactions(headed, 0, 1, header=True)) == 1
    usual = write(tmp_path, "item_id,userID\na,u\n", "usual.csv")
    assert triples(penchant.read_interactions(usual)) == {("u", "a"): 1}


def test_separators_are_found(tmp_path: Path) -> None:
    for sep in ("\t", ",", ";", "|", "::"):
        path = write(tmp_path, f"u{sep}a{sep}1\nv{sep}b{sep}2\n", "log.dat")
        assert triples(penchant.read_interactions(path)) == {("u", "a"): 1, ("v", "b"): 2}, sep
    semicolons = write(tmp_path, "u;a;1\nv;b;2\n", "log.csv")
    assert len(penchant.read_interactions(semicolons)) == 2
    odd = write(tmp_path, "u~a\nv~b\n", "log.dat")
    with pytest.raises(DataError, match="give sep="):
        penchant.read_interactions(odd)
    assert len(penchant.read_interactions(odd, sep="~")) == 2


def test_quoted_fields(tmp_path: Path) -> None:
    data = '"user","item"\r\n"a,1","b ""x"""\r\n"c\nd",e\r\nf"g,h\r\n'
    read = penchant.read_interactions(write(tmp_path, data, "log.csv"), "user", "item")
    assert set(triples(read)) == {("a,1", 'b "x"'), ("c\nd", "e"), ('f"g', "h")}
    back = write(tmp_path, "name|mid\n\\A | B\\|1\n\\C\nD\\|2\nE\\F|3\n", "m.psv")
    read = penchant.read_interactions(back, "mid", "name", quote="\\")
    assert set(triples(read)) == {("1", "A | B"), ("2", "C\nD"), ("3", "E\\F")}
    none = write(tmp_path, 'u,"a"\n', "log.csv")
    assert set(triples(penchant.read_interactions(none, quote=None))) == {("u", '"a"')}


def test_more_ways_to_write_the_same(tmp_path: Path) -> None:
    import zstandard

    text = "user,item,n\nu,é,2\nv,b,3\n"
    wanted = {("u", "é"): 2, ("v", "b"): 3}
    ways = {
        "a.csv.gz": gzip.compress(text.encode()),
        "b.csv.zst": zstandard.compress(text.encode()),
        "c.csv": text.replace("\n", "\r\n").encode(),
        "d.csv": b"\xef\xbb\xbf" + text.encode(),
        "e.csv": text.encode("utf-16"),
        "f.csv": text.replace("\n", "\r").encode(),
        "g.csv": text.replace("\n", "\r\n", 1).encode(),
        "h.csv": ("\n\n" + text.replace("\n", "\n\n")).encode(),
        "i.csv": text.strip().encode(),
        "it's [1]*?{a}.csv": text.encode(),
    }
    write(tmp_path, "user,item,n\nx,y,1\n", "it's 1.csv")
    for name, data in ways.items():
        read = penchant.read_interactions(write(tmp_path, data, name), "user", "item", "n")
        assert triples(read) == wanted, name
    latin = write(tmp_path, text.encode("latin-1"), "latin.csv")
    assert triples(penchant.read_interactions(latin, encoding="latin-1")) == wanted
    assert triples(penchant.read_interactions(gz(tmp_path, latin), encoding="latin-1")) == wanted


def gz(folder: Path, path: Path) -> Path:
    return write(folder, gzip.compress(path.read_bytes()), path.name + ".gz")


def test_globs_and_folders(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    write(tmp_path, "user,item\nu,a\n", "p1.csv")
    write(tmp_path, "user,item\nv,b\nbad\n", "p2.csv")
    read = penchant.read_interactions(tmp_path / "p*.csv", "user", "item", on_bad_lines="skip")
    assert set(triples(read)) == {("u", "a"), ("v", "b")}
    assert "p2.csv, line 3: 1 column instead of 2" in "\n".join(read.notes)
    folder = tmp_path / "folder"
    folder.mkdir()
    for n in range(3):
        pq.write_table(pa.table({"user": [n, 7], "item": ["x", "y"]}), folder / f"part{n}.parquet")
    for source in (folder, str(folder / "*.parquet")):
        read = penchant.read_interactions(source, "user", "item")
        assert triples(read) == {(n, "x"): 1.0 for n in range(3)} | {(7, "y"): 1.0}
    with pytest.raises(DataError, match="no file matches"):
        penchant.read_interactions(tmp_path / "q*.csv")


# --- bad input --------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_bad_lines_are_told_with_their_numbers(tmp_path: Path, end: str, packed: bool) -> None:
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


def test_what_is_missing_or_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
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
    with pytest.raises(EncodingError, match="line 3"):
        penchant.read_interactions(path, encoding="ascii")
    with pytest.raises(EncodingError, match="line 2"):
        penchant.read_interactions(write(tmp_path, b"u\ta\nu\tb\xc3"))
    with pytest.raises(SettingsError, match="no encoding"):
        penchant.read_interactions(path, encoding="klingon")
    with pytest.raises(DataError, match="NUL byte in line 2"):
        penchant.read_interactions(write(tmp_path, b"u\ta\nu\t\0\n"))


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
def test_files_that_are_no_tables(
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


# --- duplicates and timestamps ----------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (None, {("u", "a"): 6, ("u", "b"): 5}),
        ("sum", {("u", "a"): 6, ("u", "b"): 5}),
        ("max", {("u", "a"): 4, ("u", "b"): 5, ("v", "a"): 2}),
        ("last", {("u", "a"): 2, ("u", "b"): 5, ("v", "a"): -2}),
        ("mean", {("u", "a"): 3, ("u", "b"): 5}),
        ("binary", {("u", "a"): 1, ("u", "b"): 1}),
    ],
)
def test_duplicates(tmp_path: Path, policy: str, wanted: dict[tuple[str, str], float]) -> None:
    path = write(tmp_path, "u\ta\t4\nu\tb\t5\nv\ta\t2\nu\ta\t2\nv\ta\t-2\n")
    read = penchant.read_interactions(path, 0, 1, 2, duplicates=policy)  # type: ignore[arg-type]
    assert triples(read) == wanted
    assert read.report is not None
    assert read.report.merged == 2
    assert read.report.cancelled == 3 - len(wanted)
    assert set(read.users) == {u for u, _ in wanted}
    with pytest.raises(DataError, match="user 'u' and item 'a'"):
        penchant.read_interactions(path, 0, 1, 2, duplicates="error")


def test_the_last_is_the_latest(tmp_path: Path) -> None:
    path = write(tmp_path, "u\ta\t4\t30\nu\ta\t2\t10\nu\tb\t1\t5\nu\tb\t3\t5\n")
    read = penchant.read_interactions(path, 0, 1, 2, 3, duplicates="last")
    assert triples(read) == {("u", "a"): 4, ("u", "b"): 3}
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [30, 5]


def test_timestamps(tmp_path: Path) -> None:
    data = (
        "user,item,t\nu,a,2009-05-04T23:08:57Z\nu,b,1970-01-02\nu,c,881250949\nu,d,12.0\n"
        "u,e,\nu,f,2009-05-04T23:08:57+02:00\n"
    )
    path = write(tmp_path, data, "log.csv")
    read = penchant.read_interactions(path, "user", "item", timestamp="t")
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [1241478537, 86400, 881250949, 12, 1241471337]
    for wrong in ("soon", "12.5", "0x10"):
        with pytest.raises(BadLinesError, match="neither a whole number nor a date"):
            penchant.read_interactions(
                write(tmp_path, f"user,item,t\nu,a,{wrong}\n", "w.csv"),
                "user",
                "item",
                timestamp="t",
            )


# --- laws -------------------------------------------------------------------------------

cell = st.sampled_from(["a", "b", "c", "", "NA", "0"])
number = st.sampled_from(["1", "2", "-1", "0", "", "nan", "x", "3.5", "inf"])
record = st.one_of(
    st.tuples(cell, cell, number), st.tuples(cell, cell, number), st.tuples(cell), st.just(())
)


def as_text(records: list[tuple[str, ...]], end: str = "\n") -> bytes:
    return end.join(["user\titem\tn", *("\t".join(r) for r in records), ""]).encode()


# a read takes some 50 ms: fewer examples than elsewhere
@settings(max_examples=20)
@given(st.lists(record, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]], end: str
) -> None:
    path = write(tmp_path_factory.mktemp("law"), as_text(records, end))
    sums: dict[tuple[str, str], float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for one in records:
        if one in ((), ("",)):
            counts["blank"] += 1
        elif len(one) != 3 or one[2] in ("x", "inf"):
            counts["bad"] += 1
        elif not one[0] or not one[1]:
            counts["nameless"] += 1
        elif one[2] in ("", "nan"):
            counts["valueless"] += 1
        elif one[2] == "0":
            counts["zeros"] += 1
        else:
            counts["merged"] += one[:2] in sums
            sums[one[0], one[1]] += float(one[2])
    left = {pair: total for pair, total in sums.items() if total != 0}
    if not left:
        with pytest.raises(EmptyDataError):
            penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
        return
    read = penchant.read_interactions(path, "user", "item", "n", on_bad_lines="skip")
    assert triples(read) == left
    report = read.report
    assert report is not None
    assert report.unaccounted == 0
    assert report.rows == len(records) - counts["blank"]
    assert {name: getattr(report, name) for name in counts} == counts
    assert report.cancelled == len(sums) - len(left)


@settings(max_examples=12)
@given(st.data())
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("123"))
    records = data.draw(st.lists(good, min_size=1, max_size=20))
    folder = tmp_path_factory.mktemp("order")
    one = penchant.read_interactions(write(folder, as_text(records)), "user", "item", "n")
    mixed = data.draw(st.permutations(records))
    two = penchant.read_interactions(write(folder, as_text(mixed)), "user", "item", "n")
    assert (one.users, one.items) == (two.users, two.items)
    for part in ("indptr", "indices", "values"):
        np.testing.assert_array_equal(getattr(one.csr, part), getattr(two.csr, part))


text = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8)


# \r is left out: line ends, within quotes too, are made alike where a file mixes them
@settings(max_examples=20)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=15, unique=True))
def test_any_text_survives_a_quoted_file(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("user", "item"), *pairs])
    path = write(tmp_path_factory.mktemp("quoted"), out.getvalue(), "log.csv")
    assert set(triples(penchant.read_interactions(path, "user", "item"))) == set(pairs)


def test_pipes_and_unreadable_files(tmp_path: Path) -> None:
    import os
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("u,a\nv,b\n",))
    writer.start()
    read = penchant.read_interactions(pipe)
    writer.join()
    assert set(triples(read)) == {("u", "a"), ("v", "b")}


def test_a_bad_first_line_does_not_set_the_width(tmp_path: Path) -> None:
    path = write(tmp_path, "oops\nu\ta\nv\tb\n")
    read = penchant.read_interactions(path, 0, 1, on_bad_lines="skip")
    assert set(triples(read)) == {("u", "a"), ("v", "b")}
    with pytest.raises(BadLinesError, match="1 of 3 lines"):
        penchant.read_interactions(path, 0, 1)


def test_quotes_that_were_not_asked_for_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, '"u"\t"a"\n"v"\t"b"\n')
    assert list(penchant.read_interactions(path).users) == ['"u"', '"v"']
    assert "all users are in quotes" in caplog.text
    assert list(penchant.read_interactions(path, quote='"').users) == ["u", "v"]


def test_memory_stays_within_its_limit_and_says_when_it_can_not(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"u{n}\ti{n % 99}\n" for n in range(50_000)))
    assert len(penchant.read_interactions(path, 0, 1, memory_limit="64MB")) == 50_000
    with pytest.raises(DataError, match="memory_limit"):
        penchant.read_interactions(path, 0, 1, memory_limit="1MB")
