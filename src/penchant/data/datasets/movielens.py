"""MovieLens: ratings of films, in five sizes and three file formats."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from penchant.data.catalog import Catalog
from penchant.data.datasets.registry import Dataset, RemoteFile, TableFile, register

_LICENSE = (
    "Research use; no redistribution or commercial use without GroupLens's permission. Cite: "
    "Harper and Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5 (4), 2015."
)
_LINK = "https://movielens.org/movies/{}"
# the order of the flags in u.item, as the data set's README gives it
_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def genres_from_flags(catalog: Catalog, path: Path) -> Catalog:
    """Return the catalog of u.item with tags from its last nineteen columns of 0 and 1."""
    genres = {}
    # not splitlines: it also breaks lines at characters that Latin-1 text may hold
    for line in path.read_text(encoding="latin-1").split("\n"):
        fields = line.rstrip("\r").split("|")
        flags = zip(_GENRES, fields[5:], strict=False)
        genres[fields[0]] = tuple(genre for genre, flag in flags if flag == "1")
    tags = [genres.get(str(item), ()) for item in catalog.items]
    return dataclasses.replace(catalog, tags=tags)


def without_placeholder(catalog: Catalog, _: Path) -> Catalog:
    """Return the catalog with no tags for films whose genres are "(no genres listed)"."""
    tags = [() if "(no genres listed)" in tags else tags for tags in catalog.tags or ()]
    return dataclasses.replace(catalog, tags=tags)


_SINGLE = {"quote": None, "encoding": "latin-1", "header": False}
_CSV = {"sep": ",", "quote": '"', "encoding": "utf-8", "header": True}
_RATING_COLUMNS = {"user": 0, "item": 1, "value": 2, "timestamp": 3}
_FORMATS: dict[str, dict[str, Any]] = {
    "100k": {
        "logs": (
            TableFile("u.data", {**_RATING_COLUMNS, "sep": "\t", "quote": None, "header": False}),
        ),
        "catalogs": (
            TableFile("u.item", {"item": 0, "name": 1, "link": 4, "sep": "|", **_SINGLE}),
        ),
        "refine": genres_from_flags,
    },
    "1m": {
        "logs": (
            TableFile("ratings.dat", {**_RATING_COLUMNS, "sep": "::", **_SINGLE}),
            TableFile("ratings.parquet", {"user": "userID", "item": "movieID"}),
        ),
        "catalogs": (
            TableFile(
                "movies.dat",
                {"item": 0, "name": 1, "tags": 2, "tag_sep": "|", "sep": "::", **_SINGLE},
            ),
        ),
        "link": _LINK,
    },
    "csv": {
        "logs": (
            TableFile(
                "ratings.csv",
                {
                    "user": "userId",
                    "item": "movieId",
                    "value": "rating",
                    "timestamp": "timestamp",
                    **_CSV,
                },
            ),
        ),
        "catalogs": (
            TableFile(
                "movies.csv",
                {"item": "movieId", "name": "title", "tags": "genres", "tag_sep": "|", **_CSV},
            ),
        ),
        "refine": without_placeholder,
        "link": _LINK,
    },
}


def _movielens(size: str, counts: str, md5: str, download_bytes: int) -> Dataset:
    """Return the record of one size; GroupLens publishes the md5 beside each archive."""
    return Dataset(
        name=f"movielens-{size}",
        description=f"MovieLens {size.upper()}: {counts}. Values are the ratings, 5 best.",
        license=_LICENSE,
        homepage=f"https://grouplens.org/datasets/movielens/{size}/",
        download_bytes=download_bytes,
        sources=(
            RemoteFile(
                f"https://files.grouplens.org/datasets/movielens/ml-{size}.zip", f"md5:{md5}"
            ),
        ),
        folders=(f"ml-{size}",),
        rated=True,
        **_FORMATS.get(size, _FORMATS["csv"]),
    )


register(
    _movielens(
        "100k",
        "100,000 ratings by 943 people of 1,682 films",
        "0e33842e24a9c977be4e0107933c0723",
        4_900_000,
    ),
    _movielens(
        "1m",
        "1,000,209 ratings by 6,040 people of 3,706 films",
        "c4d9eecfca2ab87c1945afe126590906",
        5_900_000,
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
