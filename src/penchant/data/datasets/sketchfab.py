"""Sketchfab: likes of 3-D models."""

from __future__ import annotations

from penchant.data.datasets.registry import Dataset, RemoteFile, TableFile, register

_ROOT = "https://raw.githubusercontent.com/EthanRosenthal/rec-a-sketch/master/data"
_LIKES, _MODELS = "model_likes_anon.psv", "model_urls.psv"
_TEXT = {"sep": "|", "quote": "\\", "header": True}

SKETCHFAB = Dataset(
    name="sketchfab",
    description="Sketchfab, October 2016: 62,583 people, 28,806 3-D models, 632,840 likes; "
    "names, links.",
    license="MIT, as the repository that holds it. Cite: Rosenthal, "
    "Likes Out! Guerilla Dataset!, 2016.",
    homepage="https://github.com/EthanRosenthal/rec-a-sketch",
    download_bytes=None,
    sources=(RemoteFile(f"{_ROOT}/{_LIKES}"), RemoteFile(f"{_ROOT}/{_MODELS}")),
    logs=(TableFile(_LIKES, {"user": "uid", "item": "mid", **_TEXT}),),
    # the likes hold the names too, so the second file is optional
    catalogs=(
        TableFile(_MODELS, {"item": "mid", "name": "name", **_TEXT}),
        TableFile(_LIKES, {"item": "mid", "name": "modelname", **_TEXT}),
    ),
    link="https://sketchfab.com/models/{}",
    folders=("rec-a-sketch",),
)

register(SKETCHFAB)
