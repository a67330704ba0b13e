"""The table of known data sets: where their publishers keep them, and how each is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from penchant.data.catalog import Catalog
from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError

Reader = Callable[[Path, float | None], Interactions]


@dataclass(frozen=True)
class Source:
    """A file that a publisher offers.

    Attributes
    ----------
    url
        Where.
    checksum
        What the publisher says it sums to (``"md5:…"``), or None where nothing is said.
    """

    url: str
    checksum: str | None = None

    @property
    def file(self) -> str:
        """Its name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Known:
    """A data set that penchant can fetch and read by its name.

    Attributes
    ----------
    name
        What to ask for.
    description
        What it holds.
    license
        What its publisher allows, and whom to cite; in short, the publisher's words count.
    homepage
        Where the publisher describes it.
    download_bytes
        About how much is fetched; None where not known, 0 where nothing is.
    sources
        The files to fetch: archives, or the files themselves.
    needs
        File names without which it can't be read; of a tuple of names, any one.
    also
        File names that add something.
    folders
        What a local copy's folder or archive is called besides ``name``.
    read
        Reads a folder that holds the files.
    rated
        Whether its values are ratings, so that ``min_rating`` means something.
    """

    name: str
    description: str
    license: str
    homepage: str
    download_bytes: int | None
    sources: tuple[Source, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    also: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    read: Reader | None = dataclasses.field(default=None, repr=False)
    rated: bool = False

    @property
    def files(self) -> list[str]:
        """Every file name that reading it can use."""
        return [name for names in self.needs for name in names] + list(self.also)


# --- readers --------------------------------------------------------------------


def _read_lastfm_360k(folder: Path, _: float | None) -> Interactions:
    from penchant.data.io.read import read_interactions

    # the artist's name is the item: many rows have no MusicBrainz id
    return read_interactions(
        folder / "usersha1-artmbid-artname-plays.tsv",
        user=0,
        item=2,
        value=3,
        sep="\t",
        quote=None,
        encoding="utf-8",
        header=False,
        on_bad_lines="skip",
        name="lastfm-360k",
    )


def _read_lastfm_2k(folder: Path, _: float | None) -> Interactions:
    from penchant.data.io.read import read_catalog, read_interactions

    plays = read_interactions(
        folder / "user_artists.dat",
        user="userID",
        item="artistID",
        value="weight",
        sep="\t",
        quote=None,
        header=True,
        name="lastfm-2k",
    )
    if not (folder / "artists.dat").exists():
        return plays
    artists = read_catalog(
        folder / "artists.dat",
        item="id",
        name="name",
        link="url",
        picture="pictureURL",
        sep="\t",
        quote=None,
        encoding="utf-8",
        header=True,
    )
    return _with(plays, artists)


def _read_sketchfab(folder: Path, _: float | None) -> Interactions:
    from penchant.data.io.read import read_catalog, read_interactions

    likes = read_interactions(
        folder / "model_likes_anon.psv",
        user="uid",
        item="mid",
        sep="|",
        quote="\\",
        header=True,
        name="sketchfab",
    )
    # names are in the likes too, so that the second file is not needed for them
    where = folder / "model_urls.psv"
    column = "name" if where.exists() else "modelname"
    models = read_catalog(
        where if where.exists() else folder / "model_likes_anon.psv",
        item="mid",
        name=column,
        sep="|",
        quote="\\",
        header=True,
    )
    return _with(likes, models, link="https://sketchfab.com/models/{}")


def _read_movielens_100k(folder: Path, min_rating: float | None) -> Interactions:
    from penchant.data.io.read import read_catalog, read_interactions

    ratings = read_interactions(
        folder / "u.data",
        user=0,
        item=1,
        value=2,
        timestamp=3,
        sep="\t",
        quote=None,
        header=False,
        name="movielens-100k",
    )
    ratings = _liked(ratings, min_rating)
    films = folder / "u.item"
    if not films.exists():
        return ratings
    named = read_catalog(
        films, item=0, name=1, link=4, sep="|", quote=None, encoding="latin-1", header=False
    )
    named = named.subset(ratings.items)
    genres = _genre_flags(films)
    tags = [genres.get(str(item), ()) for item in named.items]
    return ratings.with_catalog(dataclasses.replace(named, tags=tags))


# the order of the flags in u.item, as the data set's README gives it
_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def _genre_flags(films: Path) -> dict[str, tuple[str, ...]]:
    """Genres of each film of u.item: its last nineteen columns are 0 or 1."""
    genres = {}
    # not splitlines: it would also break lines at characters that Latin-1 text may hold
    for line in films.read_text(encoding="latin-1").split("\n"):
        fields = line.rstrip("\r").split("|")
        chosen = zip(_GENRES, fields[5:], strict=False)
        genres[fields[0]] = tuple(genre for genre, flag in chosen if flag == "1")
    return genres


def _read_movielens_1m(folder: Path, min_rating: float | None) -> Interactions:
    from penchant.data.io.read import read_catalog, read_interactions

    log, table = folder / "ratings.dat", folder / "ratings.parquet"
    if log.exists():
        ratings = read_interactions(
            log,
            user=0,
            item=1,
            value=2,
            timestamp=3,
            sep="::",
            quote=None,
            encoding="latin-1",
            header=False,
            name="movielens-1m",
        )
    elif min_rating:
        raise DataError(f"{table} has no ratings, so that min_rating={min_rating:g} can't be met")
    else:
        ratings = read_interactions(table, user="userID", item="movieID", name="movielens-1m")
    ratings = _liked(ratings, min_rating)
    films = folder / "movies.dat"
    if not films.exists():
        return ratings
    named = read_catalog(
        films,
        item=0,
        name=1,
        tags=2,
        tag_sep="|",
        sep="::",
        quote=None,
        encoding="latin-1",
        header=False,
    )
    return _with(ratings, named, link=_FILM)


def _read_movielens_csv(folder: Path, min_rating: float | None, name: str) -> Interactions:
    from penchant.data.io.read import read_catalog, read_interactions

    ratings = read_interactions(
        folder / "ratings.csv",
        user="userId",
        item="movieId",
        value="rating",
        timestamp="timestamp",
        sep=",",
        quote='"',
        encoding="utf-8",
        header=True,
        name=name,
    )
    ratings = _liked(ratings, min_rating)
    films = folder / "movies.csv"
    if not films.exists():
        return ratings
    named = read_catalog(
        films,
        item="movieId",
        name="title",
        tags="genres",
        tag_sep="|",
        sep=",",
        quote='"',
        encoding="utf-8",
        header=True,
    )
    named = dataclasses.replace(
        named, tags=[() if "(no genres listed)" in tags else tags for tags in named.tags or ()]
    )
    return _with(ratings, named, link=_FILM)


_FILM = "https://movielens.org/movies/{}"


def _with(likes: Interactions, catalog: Catalog, link: str | None = None) -> Interactions:
    """Interactions with what is known of their items, and links made from their ids."""
    known = catalog.subset(likes.items)
    if link:
        known = dataclasses.replace(known, links=[link.format(item) for item in known.items])
    return likes.with_catalog(known)


def _liked(ratings: Interactions, min_rating: float | None) -> Interactions:
    """Ratings as they are, or those of ``min_rating`` and more as likes of 1."""
    if min_rating is None:
        return ratings
    if not np.isfinite(min_rating):
        raise SettingsError(f"min_rating must be a finite number, got {min_rating!r}")
    kept = ratings.select(ratings.csr.values >= min_rating)
    likes = dataclasses.replace(kept.csr, values=np.ones(kept.nnz, dtype=np.float32))
    note = f"{kept.nnz:,} of {ratings.nnz:,} ratings are {min_rating:g} or more: likes, each 1"
    noted = dataclasses.replace(kept, csr=likes, notes=(*ratings.notes, note))
    return noted.drop_empty()


# --- the table ------------------------------------------------------------------

_GROUPLENS = "https://files.grouplens.org/datasets"
_MOVIELENS_LICENSE = (
    "Research use; no redistribution or commercial use without GroupLens's permission. Cite: "
    "Harper and Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5 (4), 2015."
)


def _movielens(size: str, what: str, md5: str, download_bytes: int, **more: object) -> Known:
    """A row for MovieLens; GroupLens publishes the md5 beside each archive."""
    name = f"movielens-{size}"
    row = Known(
        name,
        f"MovieLens {size.upper()}: {what}. Values are the ratings, 5 best.",
        _MOVIELENS_LICENSE,
        f"https://grouplens.org/datasets/movielens/{size}/",
        download_bytes,
        sources=(Source(f"{_GROUPLENS}/movielens/ml-{size}.zip", f"md5:{md5}"),),
        needs=(("ratings.csv",),),
        also=("movies.csv",),
        folders=(f"ml-{size}",),
        read=lambda folder, min_rating: _read_movielens_csv(folder, min_rating, name),
        rated=True,
    )
    return dataclasses.replace(row, **more)  # type: ignore[arg-type]


_ROWS = (
    Known(
        "shapes",
        "Made here, nothing is fetched: 6,000 visitors like 2,000 drawn solids for their "
        "color, form and finish.",
        "None needed: penchant draws it.",
        "",
        0,
    ),
    Known(
        "lastfm-2k",
        "HetRec 2011 Last.fm: 1,892 listeners, 17,632 artists, 92,834 play counts; names, links.",
        "Non-commercial use. Cite: Cantador, Brusilovsky and Kuflik, 2nd HetRec workshop, "
        "RecSys 2011.",
        "https://grouplens.org/datasets/hetrec-2011/",
        2_600_000,
        sources=(Source(f"{_GROUPLENS}/hetrec2011/hetrec2011-lastfm-2k.zip"),),
        needs=(("user_artists.dat",),),
        also=("artists.dat",),
        folders=("hetrec2011-lastfm-2k",),
        read=_read_lastfm_2k,
    ),
    Known(
        "lastfm-360k",
        "Last.fm 360K: 359,347 listeners, their most played artists, 17,559,530 play counts. "
        "Artists go by their names.",
        "Non-commercial use. Cite: Celma, Music Recommendation and Discovery, Springer 2010.",
        "https://zenodo.org/records/6090214",
        569_202_935,
        sources=(
            Source(
                "https://zenodo.org/records/6090214/files/lastfm-dataset-360K.tar.gz",
                "md5:635e6ed3fc873aa4ba33aba0ebce02b1",
            ),
        ),
        needs=(("usersha1-artmbid-artname-plays.tsv",),),
        folders=("lastfm-dataset-360K",),
        read=_read_lastfm_360k,
    ),
    Known(
        "sketchfab",
        "Sketchfab, October 2016: 62,583 people, 28,806 3-D models, 632,840 likes; names, links.",
        "MIT, as the repository that holds it. Cite: Rosenthal, "
        "Likes Out! Guerilla Dataset!, 2016.",
        "https://github.com/EthanRosenthal/rec-a-sketch",
        None,
        sources=tuple(
            Source(
                f"https://raw.githubusercontent.com/EthanRosenthal/rec-a-sketch/master/data/{file}"
            )
            for file in ("model_likes_anon.psv", "model_urls.psv")
        ),
        needs=(("model_likes_anon.psv",),),
        also=("model_urls.psv",),
        folders=("rec-a-sketch",),
        read=_read_sketchfab,
    ),
    _movielens(
        "100k",
        "100,000 ratings by 943 people of 1,682 films",
        "0e33842e24a9c977be4e0107933c0723",
        4_900_000,
        needs=(("u.data",),),
        also=("u.item",),
        read=_read_movielens_100k,
    ),
    _movielens(
        "1m",
        "1,000,209 ratings by 6,040 people of 3,706 films",
        "c4d9eecfca2ab87c1945afe126590906",
        5_900_000,
        needs=(("ratings.dat", "ratings.parquet"),),
        also=("movies.dat",),
        read=_read_movielens_1m,
    ),
    _movielens(
        "20m",
        "20,000,263 ratings by 138,493 people of 26,744 films",
        "cd245b17a1ae2cc31bb14903e1204af3",
        199_000_000,
    ),
    _movielens(
        "25m",
        "25,000,095 ratings by 162,541 people of 59,047 films",
        "6b51fb2759a8657d3bfcbfc42b592ada",
        262_000_000,
    ),
    _movielens(
        "32m",
        "32,000,204 ratings by 200,948 people of 84,432 films",
        "d472be332d4daa821edc399621853b57",
        238_950_008,
    ),
)

KNOWN: dict[str, Known] = {row.name: row for row in _ROWS}
