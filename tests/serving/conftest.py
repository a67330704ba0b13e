"""Stores in both databases; a small model with tags, and an application over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from tacit.data.catalogue import Catalogue
from tacit.data.interactions import Interactions
from tacit.models.als import ALS
from tacit.models.neighbours import ItemNeighbours
from tacit.serving.app import create_app
from tacit.serving.holder import ServiceHolder, activate
from tacit.serving.opening import Artifacts
from tacit.serving.service import Service
from tacit.serving.settings import Settings
from tacit.serving.store import Store

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """The address of a database that holds nothing."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgres_server").url()


@pytest.fixture
def store(url) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


# --- models and applications ------------------------------------------------------------


def small_data() -> Interactions:
    """60 people and 40 items with names and tags, one of them hostile."""
    data = random_interactions(60, 40, seed=5)
    names = ["Radiohead", "Sigur Rós", HOSTILE, *(f"Band {n}" for n in range(3, 40))]
    tags = [("rock",) * (n % 2) + ("slow",) * (n % 3 == 0) for n in range(40)]
    pictures = [f"https://pictures.example/{n}.jpg" for n in range(40)]
    return data.with_catalogue(Catalogue(data.items, names=names, tags=tags, pictures=pictures))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Model files: ALS for likes, neighbours in the place of tags."""
    folder = tmp_path_factory.mktemp("models")
    likes = ALS(factors=8, iterations=5).fit(small_data()).save(folder / "likes.tacit")
    return Artifacts(likes, ItemNeighbours().fit(small_data()).save(folder / "tags.tacit"))


@pytest.fixture(scope="session")
def service(files: Artifacts) -> Service:
    return Service.open(files)


@pytest.fixture
def app(files: Artifacts, tmp_path: Path) -> Iterator[FastAPI]:
    """An application over a store of its own."""
    with Store.open(f"sqlite:///{tmp_path / 'app.db'}") as opened:
        activate(opened, files.likes)
        settings = Settings(likes=str(files.likes), watch=0)
        yield create_app(ServiceHolder.open(files, opened), opened, settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost") as made:
        yield made
