"""Last.fm: play counts of listeners and artists, in two sizes."""

from __future__ import annotations

from penchant.data.datasets.registry import Dataset, RemoteFile, TableFile, register

LASTFM_2K = Dataset(
    name="lastfm-2k",
    description="HetRec 2011 Last.fm: 1,892 listeners, 17,632 artists, 92,834 play counts; "
    "names, links.",
    license="Non-commercial use. Cite: Cantador, Brusilovsky and Kuflik, 2nd HetRec workshop, "
    "RecSys 2011.",
    homepage="https://grouplens.org/datasets/hetrec-2011/",
    download_bytes=2_600_000,
    sources=(
        RemoteFile("https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip"),
    ),
    logs=(
        TableFile(
            "user_artists.dat",
            {
                "user": "userID",
                "item": "artistID",
                "value": "weight",
                "sep": "\t",
                "quote": None,
                "header": True,
            },
        ),
    ),
    catalogs=(
        TableFile(
            "artists.dat",
            {
                "item": "id",
                "name": "name",
                "link": "url",
                "picture": "pictureURL",
                "sep": "\t",
                "quote": None,
                "encoding": "utf-8",
                "header": True,
            },
        ),
    ),
    folders=("hetrec2011-lastfm-2k",),
)

LASTFM_360K = Dataset(
    name="lastfm-360k",
    description="Last.fm 360K: 359,347 listeners, their most played artists, 17,559,530 play "
    "counts. Artists go by their names.",
    license="Non-commercial use. Cite: Celma, Music Recommendation and Discovery, Springer 2010.",
    homepage="https://zenodo.org/records/6090214",
    download_bytes=569_202_935,
    sources=(
        RemoteFile(
            "https://zenodo.org/records/6090214/files/lastfm-dataset-360K.tar.gz",
            "md5:635e6ed3fc873aa4ba33aba0ebce02b1",
        ),
    ),
    logs=(
        TableFile(
            "usersha1-artmbid-artname-plays.tsv",
            {
                "user": 0,
                "item": 2,  # the artist's name: many rows have no MusicBrainz id
                "value": 3,
                "sep": "\t",
                "quote": None,
                "encoding": "utf-8",
                "header": False,
                "on_bad_lines": "skip",
            },
        ),
    ),
    folders=("lastfm-dataset-360K",),
)

register(LASTFM_2K, LASTFM_360K)
