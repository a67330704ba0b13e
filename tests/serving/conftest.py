"""Stores in both databases; a small model with tags, and an application over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.data.interactions import Interactions
from penchant.models.als.model import ALS
from penchant.models.neighbors import ItemNeighbors
from penchant.serving.app import create_app
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.base import Store
from penchant.serving.store.opening import open_store

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgres_server").url()


@pytest.fixture
def store(url) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


# --- models and applications ------------------------------------------------------------


def small_data() -> Interactions:
    """60 people and 40 items with names and tags, one of them hostile."""
    data = random_interactions(60, 40, seed=5)
    names = ["Radiohead", "Sigur Rós", HOSTILE, *(f"Band {n}" for n in range(3, 40))]
    tags = [("rock",) * (n % 2) + ("slow",) * (n % 3 == 0) for n in range(40)]
    pictures = [f"https://pictures.example/{n}.jpg" for n in range(40)]
    return data.with_catalog(Catalog(data.items, names=names, tags=tags, pictures=pictures))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Model files: ALS for likes, neighbors as the hybrid model."""
    folder = tmp_path_factory.mktemp("models")
    paper = {"confidence": "linear", "alpha": 1, "regularization": 0.01}
    likes = ALS(factors=8, iterations=5, **paper).fit(small_data()).save(folder / "likes.penchant")
    return Artifacts(likes, ItemNeighbors().fit(small_data()).save(folder / "hybrid.penchant"))


@pytest.fixture(scope="session")
def service(files: Artifacts) -> Service:
    return Service.open(files)


@pytest.fixture
def app(files: Artifacts, tmp_path: Path) -> Iterator[FastAPI]:
    """An application over a store of its own."""
    with open_store(f"sqlite:///{tmp_path / 'app.db'}") as opened:
        activate(opened, files.likes)
        settings = ServeSettings(likes=str(files.likes), watch=0)
        yield create_app(ModelReloader.open(files, opened), opened, settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost") as made:
        yield made
