"""The published files, whole, beside a plain parse of the same lines; and catalogs."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import BadLinesError, ColumnError, EmptyDataError, EncodingError

Finder = Callable[[str], Path]


def write(folder: Path, data: str, name: str) -> Path:
    (folder / name).write_text(data, encoding="utf-8")
    return folder / name


def triples(data: Interactions) -> dict[tuple[object, object], float]:
    return {(u, i): v for u in data.users for i, v in data.history(u).items()}


def test_lastfm_2k(real_data: Finder, caplog: pytest.LogCaptureFixture) -> None:
    path = real_data("lastfm-2k/user_artists.dat")
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    read = penchant.read_interactions(path, "userID", "artistID", "weight")
    assert triples(read) == {(u, i): float(n) for u, i, n in rows}
    assert (read.n_users, read.n_items, read.nnz) == (1892, 17632, 92834)
    artists = real_data("lastfm-2k/artists.dat")
    wanted = [line.split("\t") for line in artists.read_text("utf-8").split("\n")[1:-1]]
    known = penchant.read_catalog(artists, "id", "name", "url", "pictureURL")
    assert known.links is not None
    assert known.pictures is not None
    assert [
        list(r)
        for r in zip(known.items, known.names or (), known.links, known.pictures, strict=True)
    ] == wanted
    assert len(known) == 17632
    assert read.with_catalog(known).catalog is known
    assert not caplog.records


def test_movielens(real_data: Finder) -> None:
    movies = real_data("ml-1m/movies.dat")
    wanted = [line.split("::") for line in movies.read_text("latin-1").split("\n")[:-1]]
    known = penchant.read_catalog(movies, 0, 1, tags=2, encoding="latin-1")
    assert list(known.items) == [row[0] for row in wanted]
    assert known.names == tuple(row[1] for row in wanted)
    assert known.tags == tuple(tuple(row[2].split("|")) for row in wanted)
    films = real_data("ml-100k/u.item")
    lines = [line.split("|") for line in films.read_text("latin-1").split("\n")[:-1]]
    known = penchant.read_catalog(films, 0, 1, 4, encoding="latin-1")
    assert (known.names, known.links) == (tuple(r[1] for r in lines), tuple(r[4] for r in lines))
    rated = real_data("ml-100k/u.data")
    read = penchant.read_interactions(rated, 0, 1, 2, 3)
    rows = [line.split("\t") for line in rated.read_text().splitlines()]
    assert triples(read) == {(u, i): float(v) for u, i, v, _ in rows}
    assert read.timestamps is not None
    assert read.timestamps.sum() == sum(int(row[3]) for row in rows)


def test_sketchfab(real_data: Finder, caplog: pytest.LogCaptureFixture) -> None:
    path = real_data("sketchfab/model_urls.psv")
    with path.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.reader(file, delimiter="|", quotechar="\\"))[1:]
    assert len(wanted) == 28824
    known = penchant.read_catalog(path, "mid", "name", quote="\\")
    first = {mid: name for name, mid in reversed(wanted)}
    assert {mid: known.name(mid) for mid in known.items} == first
    assert list(known.items) == list(dict.fromkeys(mid for _, mid in wanted))
    assert "18 rows are of items named before" in caplog.text
    with pytest.raises(BadLinesError, match=r"If .* quotes fields there"):
        penchant.read_catalog(path, "mid", "name")


def test_latin_1_tags(real_data: Finder) -> None:
    path = real_data("lastfm-2k/tags.dat")
    rows = [line.split("\t") for line in path.read_text("latin-1").split("\n")[1:-1]]
    known = penchant.read_catalog(path, "tagID", "tagValue", encoding="latin-1")
    assert list(zip(known.items, known.names or (), strict=True)) == [tuple(r) for r in rows]
    with pytest.raises(EncodingError, match=r"line 2,815"):
        penchant.read_catalog(path, "tagID", "tagValue")


# --- catalogs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        ("id,name,url,pictureURL", ["names", "links", "pictures"]),
        ("movieId,title,genres", ["names", "tags"]),
        ("artist_id,artist,image", ["names", "pictures"]),
        ("id,name,title", []),  # which of the two?
    ],
)
def test_catalog_columns_are_chosen_by_name(tmp_path: Path, head: str, fields: list[str]) -> None:
    row = ",".join(["1", "one", "http://a", "http://b"][: head.count(",") + 1])
    known = penchant.read_catalog(write(tmp_path, f"{head}\n{row}\n", "things.csv"))
    assert list(known.items) == ["1"]
    assert known.fields() == fields
    if "names" in fields:
        assert known.name("1") == "one"


def test_only_requested_columns_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "id,name,url\n1,one,http://a\n", "things.csv")
    assert penchant.read_catalog(path, name="name").fields() == ["names"]
    assert penchant.read_catalog(path, "id").fields() == ["names", "links"]


def test_catalog_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = (
        "id,title,page,look,words\n1,One,http://a,p.png,x| y ||z\n2,,,,\n1,Other,,,\n,Nameless,,,\n"
    )
    path = write(tmp_path, data, "things.csv")
    with caplog.at_level(logging.WARNING):
        known = penchant.read_catalog(path, "id", "title", "page", "look", "words")
    assert list(known.items) == ["1", "2"]
    assert known.tags_of("1") == ("x", "y", "z")
    assert (known.name("1"), known.link("1"), known.picture("1")) == ("One", "http://a", "p.png")
    assert (known.name("2"), known.link("2"), known.tags_of("2")) == ("2", "", ())
    assert "1 rows without an item" in caplog.text
    assert "1 rows are of items named before" in caplog.text
    with pytest.raises(ColumnError, match=r"can't tell which column of odd.csv .* give item="):
        penchant.read_catalog(write(tmp_path, "what,title\n1,One\n", "odd.csv"))
    with pytest.raises(EmptyDataError):
        penchant.read_catalog(write(tmp_path, "id,name\n,x\n", "none.csv"), "id", "name")
