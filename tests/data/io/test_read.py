"""Reading: nothing is shifted, padded or dropped as a missing value."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.data.io.logfiles import triples, write

import penchant
from penchant.errors import BadLinesError, DataError

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


def test_positions_and_header_detection(tmp_path: Path) -> None:
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


def test_compressions_encodings_and_line_ends(tmp_path: Path) -> None:
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


def test_unexpected_quotes_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path, '"u"\t"a"\n"v"\t"b"\n')
    assert list(penchant.read_interactions(path).users) == ['"u"', '"v"']
    assert "all users are in quotes" in caplog.text
    assert list(penchant.read_interactions(path, quote='"').users) == ["u", "v"]


def test_the_memory_limit_is_kept_or_reported(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"u{n}\ti{n % 99}\n" for n in range(50_000)))
    assert len(penchant.read_interactions(path, 0, 1, memory_limit="64MB")) == 50_000
    with pytest.raises(DataError, match="memory_limit"):
        penchant.read_interactions(path, 0, 1, memory_limit="1MB")
