"""Known data sets: from local copies, archives, the cache and a server on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.data.server import Site, serving

from penchant.data import datasets
from penchant.data.datasets import download, registry
from penchant.data.interactions import Interactions
from penchant.errors import DataError, DownloadError, SettingsError

RATINGS = b"1::10::5::978300760\n1::20::3::978302109\n2::10::1::978301968\n"
FILMS = "10::Am\xe9lie (2001)::Comedy|Romance\n20::Alien (1979)::Horror\n30::Unseen (1999)::War\n"


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep tests away from the user's cache and from real publishers."""
    for name in ("PENCHANT_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PENCHANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PENCHANT_DATA_MIRROR", "http://127.0.0.1:9/missing")
    monkeypatch.setattr(download, "_PAUSE", 0.0)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "copies" / "ml-1m"
    folder.mkdir(parents=True)
    (folder / "ratings.dat").write_bytes(RATINGS)
    (folder / "movies.dat").write_bytes(FILMS.encode("latin-1"))
    return folder


@pytest.fixture
def archive(copy: Path, tmp_path: Path) -> Path:
    path = tmp_path / "ml-1m.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for file in copy.iterdir():
            bundle.write(file, f"ml-1m/{file.name}")
        bundle.writestr("ml-1m/users.dat", b"not wanted")
    return path


@pytest.fixture
def site(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A mirror with the small archive, whose checksum the table then names."""
    row = registry.REGISTRY["movielens-1m"]
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    source = dataclasses.replace(row.sources[0], checksum=f"md5:{md5}")
    monkeypatch.setitem(
        registry.REGISTRY, "movielens-1m", dataclasses.replace(row, sources=(source,))
    )
    with serving() as site:
        site.files["sets/ml-1m.zip"] = archive.read_bytes()
        monkeypatch.setenv("PENCHANT_DATA_MIRROR", f"{site.address}/sets/")
        yield site


def check_small(made: Interactions) -> None:
    assert made.name == "movielens-1m"
    assert made.history("1") == {"10": 5.0, "20": 3.0}
    assert made.timestamps is not None
    assert made.timestamps.min() == 978300760
    catalog = made.catalog
    assert catalog is not None
    assert catalog.items == made.items
    assert catalog.name("10") == "Amélie (2001)"
    assert catalog.tags_of("10") == ("Comedy", "Romance")
    assert catalog.link("20") == "https://movielens.org/movies/20"


# --- what there is --------------------------------------------------------------------


def test_names_and_what_is_said_of_them() -> None:
    assert {"lastfm-360k", "lastfm-2k", "sketchfab", "shapes"} <= set(datasets.names())
    assert (
        [row.name for row in datasets.available()] == datasets.names() == sorted(registry.REGISTRY)
    )
    for row in datasets.available():
        assert row.description.endswith(".")
        assert row.license.endswith(".")
        assert (row.maker is not None) == (row.name == "shapes")
        for source in row.sources:
            assert source.url.startswith("https://")
            assert source.file
            if source.checksum:
                algorithm, _, digits = source.checksum.partition(":")
                assert len(digits) == 2 * hashlib.new(algorithm).digest_size


def test_an_unknown_name_is_told_a_close_one() -> None:
    with pytest.raises(SettingsError, match="did you mean 'lastfm-360k'"):
        datasets.load("lastfm360")


def test_shapes_are_made() -> None:
    small = datasets.shapes(20, 30, seed=1)
    assert (small.n_items, small.n_users) == (20, 30)
    assert datasets.load("shapes").n_items == 2000
    with pytest.raises(SettingsError, match="path"):
        datasets.load("shapes", "somewhere")


# --- local copies ---------------------------------------------------------------------


def test_a_copy_in_a_folder_or_in_the_folder_above(copy: Path) -> None:
    check_small(datasets.load("movielens-1m", copy))
    check_small(datasets.load("movielens-1m", str(copy.parent)))
    check_small(datasets.load("movielens-1m", copy / "ratings.dat"))


def test_a_copy_in_an_archive(archive: Path) -> None:
    check_small(datasets.load("movielens-1m", archive))


@pytest.mark.parametrize("called", ["ml-1m", "movielens-1m", "ml-1m.zip"])
def test_copies_named_by_the_environment(
    copy: Path, archive: Path, called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (archive if called.endswith("zip") else copy).rename(home / called)
    monkeypatch.setenv("PENCHANT_DATA", str(home))
    check_small(datasets.load("movielens-1m"))


def test_ratings_as_likes(copy: Path) -> None:
    likes = datasets.load("movielens-1m", copy, min_rating=3)
    assert likes.history("1") == {"10": 1.0, "20": 1.0}
    assert "2" not in likes.users
    assert "2 of 3 ratings are 3 or more" in likes.summary()
    assert datasets.load("movielens-1m", copy, min_rating=0).nnz == 3
    with pytest.raises(SettingsError, match="finite"):
        datasets.load("movielens-1m", copy, min_rating=float("nan"))
    with pytest.raises(SettingsError, match="MovieLens"):
        datasets.load("lastfm-2k", copy, min_rating=3)


def test_what_a_copy_lacks_is_said(copy: Path, tmp_path: Path) -> None:
    (copy / "ratings.dat").unlink()
    with pytest.raises(DataError, match=r"lacks ratings\.dat or ratings\.parquet.*movies\.dat"):
        datasets.load("movielens-1m", copy)
    with pytest.raises(DataError, match=r"not there.*ratings\.dat"):
        datasets.load("movielens-1m", tmp_path / "nothing")


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK but no zip")
    with pytest.raises(DataError, match="neither a zip nor a tar"):
        datasets.load("movielens-1m", tmp_path / "x.zip")


def test_films_are_not_needed(copy: Path) -> None:
    (copy / "movies.dat").unlink()
    assert datasets.load("movielens-1m", copy).catalog is None


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("a.txt", b"a")
    with pytest.raises(DataError, match=r"is not movielens-1m: it lacks ratings\.dat"):
        datasets.load("movielens-1m", path)


def test_a_wrong_folder_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENCHANT_DATA", "/nowhere/at/all")
    with pytest.raises(DataError, match="PENCHANT_DATA"):
        datasets.load("movielens-1m")


def test_newer_movielens(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3.5,9\n7,2,4,8\n")
    (tmp_path / "movies.csv").write_text(
        'movieId,title,genres\n2,"American President, The (1995)",(no genres listed)\n'
    )
    for name in ("movielens-20m", "movielens-25m", "movielens-32m"):
        made = datasets.load(name, tmp_path)
        assert made.name == name
        assert made.history("1") == {"2": 3.5}
        assert made.catalog is not None
        assert made.catalog.name("2") == "American President, The (1995)"
        assert made.catalog.tags_of("2") == ()


def test_lastfm_360k(tmp_path: Path) -> None:
    (tmp_path / "usersha1-artmbid-artname-plays.tsv").write_text(
        '00c\t3bd\tbetty blowtorch\t2137\n00c\t\t"weird al" yankovic\t5\n00d\t\tNA\t7\n'
        "00d\tf2f\tbjörk\t0\n",
        encoding="utf-8",
    )
    made = datasets.load("lastfm-360k", tmp_path)
    assert made.history("00c") == {"betty blowtorch": 2137.0, '"weird al" yankovic': 5.0}
    assert made.history("00d") == {"NA": 7.0}


def test_sketchfab(tmp_path: Path) -> None:
    (tmp_path / "model_likes_anon.psv").write_text(
        "modelname|mid|uid\n\\A | B\\|m1|u1\nPlain|m2|u1\nPlain|m2|u1\nPlain|m2|u2\n"
    )
    bare = datasets.load("sketchfab", tmp_path)
    assert bare.nnz == 3
    assert bare.catalog is not None
    assert bare.catalog.name("m1") == "A | B"
    (tmp_path / "model_urls.psv").write_text("name|mid\n\\A | B\\|m1\nBetter|m2\n")
    full = datasets.load("sketchfab", tmp_path).catalog
    assert full is not None
    assert [full.name(item) for item in full.items] == ["A | B", "Better"]
    assert full.link("m2") == "https://sketchfab.com/models/m2"


# --- fetched --------------------------------------------------------------------------


def test_fetched_once_then_read_from_the_cache(site: Site, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    check_small(datasets.load("movielens-1m", progress=lambda *call: calls.append(call)))
    whole = len(site.files["sets/ml-1m.zip"])
    assert calls[-1] == (whole, whole)
    home = tmp_path / "cache" / "movielens-1m"
    assert {path.name for path in home.iterdir()} == {"ml-1m.zip", "ml-1m.zip.sha256", "files"}
    assert {p.name for p in (home / "files").iterdir()} == {
        "movies.dat", "ratings.dat", "sums.json",
    }  # fmt: skip
    check_small(datasets.load("movielens-1m"))
    assert len(site.asked) == 1


def test_another_cache(site: Site, tmp_path: Path) -> None:
    check_small(datasets.load("movielens-1m", cache=tmp_path / "mine"))
    assert (tmp_path / "mine" / "movielens-1m" / "files" / "ratings.dat").exists()


def test_which_folder_is_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    assert datasets.cache_folder("~/x") == Path.home() / "x"
    monkeypatch.delenv("PENCHANT_CACHE")
    assert datasets.cache_folder() == Path.home() / ".cache" / "penchant"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/x")
    assert datasets.cache_folder() == Path("/var/x/penchant")
    monkeypatch.setenv("PENCHANT_CACHE", "/var/y")
    assert datasets.cache_folder() == Path("/var/y")


def test_files_altered_in_the_cache_are_unpacked_again(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    datasets.load("movielens-1m")
    ratings = tmp_path / "cache" / "movielens-1m" / "files" / "ratings.dat"
    ratings.write_bytes(RATINGS.replace(b"::5::", b"::1::"))
    with caplog.at_level(logging.WARNING, logger="penchant"):
        check_small(datasets.load("movielens-1m"))
    assert "ratings.dat altered" in caplog.text
    assert len(site.asked) == 1


def test_an_altered_archive_in_the_cache_is_refused(site: Site, tmp_path: Path) -> None:
    datasets.load("movielens-1m")
    home = tmp_path / "cache" / "movielens-1m"
    (home / "files" / "sums.json").unlink()
    (home / "ml-1m.zip").write_bytes(b"changed")
    with pytest.raises(DownloadError, match="delete it"):
        datasets.load("movielens-1m")


def test_a_broken_line_is_mended(site: Site) -> None:
    site.troubles = ["cut", "busy", "cut"]
    check_small(datasets.load("movielens-1m"))


def test_a_failure_says_what_to_do_and_leaves_no_data(site: Site, tmp_path: Path) -> None:
    site.files.clear()
    with pytest.raises(DownloadError, match=r"404.*grouplens\.org.*path= or PENCHANT_DATA"):
        datasets.load("movielens-1m")
    site.files["sets/ml-1m.zip"] = b"something else"
    with pytest.raises(DownloadError, match="md5"):
        datasets.load("movielens-1m")
    assert list((tmp_path / "cache" / "movielens-1m").iterdir()) == []


def test_files_fetched_one_by_one(site: Site) -> None:
    site.files["sets/model_likes_anon.psv"] = b"modelname|mid|uid\nA|m1|u1\n"
    site.files["sets/model_urls.psv"] = b"name|mid\nA|m1\n"
    for _ in range(2):
        assert datasets.load("sketchfab").history("u1") == {"m1": 1.0}
    assert len(site.asked) == 2


def test_an_archive_that_lacks_what_it_should_hold(site: Site, tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as bundle:
        bundle.writestr("readme.txt", b"moved")
    site.files["sets/hetrec2011-lastfm-2k.zip"] = empty.read_bytes()
    with pytest.raises(DownloadError, match=r"lacks user_artists\.dat.*path="):
        datasets.load("lastfm-2k")


def test_sums_name_every_unpacked_file(site: Site, tmp_path: Path) -> None:
    datasets.load("movielens-1m")
    files = tmp_path / "cache" / "movielens-1m" / "files"
    sums = json.loads((files / "sums.json").read_text())
    assert sums["ratings.dat"] == hashlib.sha256(RATINGS).hexdigest()


# --- real files -----------------------------------------------------------------------


def test_real_lastfm_2k(real_data: Callable[[str], Path]) -> None:
    made = datasets.load("lastfm-2k", real_data("lastfm-2k"))
    assert (made.n_users, made.n_items, made.nnz) == (1892, 17632, 92834)
    assert made.history("2")["51"] == 13883
    assert made.catalog is not None
    assert made.catalog.name("1") == "MALICE MIZER"
    assert made.catalog.find("radiohead") == ["154"]
    assert made.catalog.link("154").startswith("http://www.last.fm/music/")


def test_real_movielens_100k(
    real_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENCHANT_DATA", str(real_data("ml-100k").parent))
    made = datasets.load("movielens-100k")
    assert (made.n_users, made.n_items, made.nnz) == (943, 1682, 100_000)
    assert made.history("196")["242"] == 3
    assert made.catalog is not None
    assert made.catalog.name("1") == "Toy Story (1995)"
    assert made.catalog.tags_of("1") == ("Animation", "Children's", "Comedy")
    assert made.catalog.link("1").startswith("http://us.imdb.com/")
    assert datasets.load("movielens-100k", min_rating=4).nnz == 55_375


def test_real_movielens_1m(real_data: Callable[[str], Path]) -> None:
    folder = real_data("ml-1m")
    made = datasets.load("movielens-1m", folder)
    assert (made.n_users, made.n_items, made.nnz) == (6040, 3706, 1_000_209)
    assert made.catalog is not None
    assert made.catalog.name("1") == "Toy Story (1995)"
    with pytest.raises(DataError, match="min_rating"):
        datasets.load("movielens-1m", folder, min_rating=4)


def test_real_sketchfab_without_its_likes(real_data: Callable[[str], Path]) -> None:
    with pytest.raises(DataError, match=r"lacks model_likes_anon\.psv.*model_urls\.psv"):
        datasets.load("sketchfab", real_data("sketchfab"))
