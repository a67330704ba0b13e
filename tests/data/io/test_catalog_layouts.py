"""Catalogs as they come: lines that end in a separator, dates of all kinds, queries."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from tests.cli.conftest import run

import penchant
from penchant.data.io.catalog_tables import read_catalog
from penchant.data.io.event_tables import read_events
from penchant.data.io.time_formats import suggest
from penchant.errors import BadLinesError, SettingsError


@pytest.mark.parametrize("on_bad_lines", ["error", "skip"])
@pytest.mark.parametrize("quoted", [False, True])
def test_lines_may_end_in_a_separator(tmp_path: Path, on_bad_lines: str, quoted: bool) -> None:
    path = tmp_path / "artists.csv"
    mark = '"' if quoted else ""
    lines = [f"{n},{mark}Name {n}{mark},http://a/{n}," for n in range(400)]
    path.write_text("id,name,url\n" + "\n".join(lines) + "\n", encoding="utf-8")
    catalog = read_catalog(path, on_bad_lines=on_bad_lines)
    assert len(catalog) == 400
    assert (catalog.name("7"), catalog.link("7")) == ("Name 7", "http://a/7")
    path.write_text("id,name,url,\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert read_catalog(path, on_bad_lines=on_bad_lines).link("7") == "http://a/7"
    bare = [line.removesuffix(",") for line in lines]
    path.write_text("id,name,url,\n" + "\n".join(bare) + "\n", encoding="utf-8")
    assert read_catalog(path, on_bad_lines=on_bad_lines).link("7") == "http://a/7"


def test_logs_may_end_in_a_separator(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [f"u{n % 9},i{n % 7},{1 + n % 3}," for n in range(100)]
    for header in ("user,item,count\n", "user,item,count,\n", ""):
        path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
        read = penchant.read_interactions(path)
        assert read.report is not None
        assert (read.n_users, read.n_items, read.report.rows) == (9, 7, 100)
        assert read.csr.values.sum() == sum(1 + n % 3 for n in range(100))


def test_a_field_too_many_is_still_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("id,name\n1,a,\n2,b,\n3,c,d\n4,e,\n5,f,,\n", encoding="utf-8")
    with pytest.raises(BadLinesError, match="line 4: 3 columns instead of 2"):
        read_catalog(path)
    assert list(read_catalog(path, on_bad_lines="skip").items) == ["1", "2", "4"]
    path.write_text("id,name\n1,a\n2,b,\n", encoding="utf-8")  # not the way of this file
    with pytest.raises(BadLinesError):
        read_catalog(path)


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["03/11/2025"], ("%d/%m/%Y", "%m/%d/%Y")),
        (["03/11/2025", "13/11/2025"], ("%d/%m/%Y",)),
        (["11/13/2025", "03/11/2025"], ("%m/%d/%Y",)),
        (["3.11.25 7:05"], ("%d.%m.%y %H:%M", "%m.%d.%y %H:%M")),
        (["2025/11/03 07:05:00"], ("%Y/%m/%d %H:%M:%S",)),
        (["12/25/2025 11:30 PM"], ("%m/%d/%Y %I:%M %p",)),
        (["yesterday"], ()),
        ([], ()),
    ],
)
def test_formats_are_suggested(cells: list[str], formats: tuple[str, ...]) -> None:
    assert suggest(cells) == formats


def test_dates_of_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,item,date\nu,a,03/11/2025\nv,b,04/11/2025\n", encoding="utf-8")
    offer = r'time_format="%d/%m/%Y" or time_format="%m/%d/%Y"'
    with pytest.raises(BadLinesError, match=offer):
        penchant.read_interactions(path)
    with pytest.raises(BadLinesError, match=offer):
        read_events(path, event="item", user="user", item="user", timestamp="date")
    read = penchant.read_interactions(path, time_format="%d/%m/%Y")
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [1_762_128_000, 1_762_214_400]
    frame = pd.DataFrame({"user": ["u"], "item": ["a"], "day": [20251103]})
    typed = penchant.read_interactions(frame, "user", "item", timestamp="day", time_format="%Y%m%d")
    assert typed.timestamps is not None
    assert typed.timestamps.tolist() == [1_762_128_000]
    whole = tmp_path / "whole.csv"
    whole.write_text("user,item,date\nu,a,20251103\n", encoding="utf-8")
    read = penchant.read_interactions(whole, time_format="%Y%m%d")
    assert read.timestamps is not None
    assert read.timestamps.tolist() == [1_762_128_000]
    with pytest.raises(BadLinesError, match=r"(?s)not written as %Y.* time_format="):
        penchant.read_interactions(path, time_format="%Y:%d")
    with pytest.raises(SettingsError, match="strptime"):
        penchant.read_interactions(path, time_format="iso")


def test_dates_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [f"u{n % 9},i{n % 7},{1 + n % 28:02d}/11/2025" for n in range(60)]
    path.write_text("user,item,date\n" + "\n".join(lines) + "\n", encoding="utf-8")
    fit = "fit", path, "--model", "popularity", "-o", tmp_path / "m.penchant"
    ran = run(*fit)
    assert ran.code == 1
    assert "--time-format %d/%m/%Y" in ran.err
    assert run(*fit, "--time-format", "%d/%m/%Y").code == 0
    assert penchant.load(tmp_path / "m.penchant").interactions.timestamps is not None


def test_a_product_is_named_by_its_sku() -> None:
    frame = pd.DataFrame({"sku": [7, 8], "product": ["Red wine", "White wine"], "price": [1, 2]})
    catalog = read_catalog(frame)
    assert [catalog.name(item) for item in (7, 8)] == ["Red wine", "White wine"]


def test_a_catalog_from_a_query(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE things (id, title, why)")
        con.executemany("INSERT INTO things VALUES (?, ?, 'x')", [(1, "One"), (2, "Two")])
        con.execute("CREATE TABLE log (user, item)")
        con.executemany("INSERT INTO log VALUES (?, ?)", [("ann", 1), ("bo", 2), ("bo", 1)])
        con.commit()
    address = f"sqlite:///{path}"
    catalog = read_catalog(address, query="SELECT id, title FROM things")
    assert [catalog.name(item) for item in (1, "2")] == ["One", "Two"]
    fit = "fit", address, "--query", "SELECT * FROM log", "--model", "popularity"
    out = "-o", tmp_path / "m.penchant"
    query = "--catalog-query", "SELECT id, title FROM things"
    for source in ((), ("--catalog", address)):  # the database of the log, or the one that is named
        ran = run(*fit, *out, *source, *query)
        assert ran.code == 0, ran.err
        model = penchant.load(tmp_path / "m.penchant")
        assert model.catalog is not None
        assert model.catalog.name(1) == "One"
    assert "--catalog-query" in run(*fit, *out, "--catalog", address).err
    assert "can't tell which column" in run(*fit, *out, "--catalog-query", "SELECT 1").err
    log = tmp_path / "log.csv"
    log.write_text("user,item\nann,1\nbo,2\nbo,1\n", encoding="utf-8")
    ran = run("fit", log, "--model", "popularity", *out, *query)
    assert ran.code == 2
    assert "--catalog-query" in ran.err
