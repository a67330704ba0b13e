"""A store outlives models whose ids are integers and such whose ids are texts: see docs/ids.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.models.neighbors import ItemNeighbors
from penchant.serving.app import create_app
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.base import Store
from penchant.serving.store.opening import open_store

V1 = "/api/v1"
KINDS = ["integers", "texts", "floats"]
SPELLINGS: list[Callable[[int], object]] = [int, str, lambda number: f"{number}.0"]


def spelled(data: Interactions, kind: str) -> Interactions:
    """The same log, with the ids of a table of integers, of a CSV file, and of pandas' floats."""
    numbers = (range(data.n_users), range(data.n_items))
    if kind == "integers":
        users, items = (list(own) for own in numbers)
    else:
        end = ".0" if kind == "floats" else ""
        users, items = ([f"{number}{end}" for number in own] for own in numbers)
    return Interactions(data.csr, IdMap(users, "user"), IdMap(items))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("spellings")
    data = random_interactions(30, 20, seed=4)
    return {
        kind: ItemNeighbors().fit(spelled(data, kind)).save(folder / f"{kind}.penchant")
        for kind in KINDS
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def client_of(path: Path, store: Store) -> TestClient:
    settings = ServeSettings(likes=str(path), watch=0)
    app = create_app(ModelReloader.open(Artifacts(path), store), store, settings)
    return TestClient(app, base_url="http://localhost")


def listed(client: TestClient, person: object) -> set[float]:
    answer = client.get(f"{V1}/recommend", params={"user": str(person), "k": 20})
    assert answer.status_code == 200, answer.text
    return {float(item["id"]) for item in answer.json()["items"]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spell", SPELLINGS)
def test_events_in_any_spelling_are_of_the_models_person_and_item(
    kind: str, spell: Callable[[int], object], models: dict[str, Path], store: Store
) -> None:
    client = client_of(models[kind], store)
    liked = int(min(listed(client, 3)))
    event = {"person": spell(3), "item": spell(liked)}
    assert client.post(f"{V1}/events", json=event).status_code == 200
    for other in SPELLINGS:
        assert liked not in listed(client, other(3))
    assert len(store.people()) == 1


@pytest.mark.parametrize("first", ["integers", "texts"])
def test_likes_and_overrides_outlive_a_model_of_the_other_kind(
    first: str, models: dict[str, Path], store: Store
) -> None:
    client = client_of(models[first], store)
    liked, hidden = sorted(map(int, listed(client, 3)))[:2]
    for person in (3, "new"):
        client.post(f"{V1}/events", json={"person": person, "item": liked})
    client.put(f"{V1}/admin/items", json={"item": hidden, "hidden": True})
    second = "texts" if first == "integers" else "integers"
    for kind in (first, second):
        client = client_of(models[kind], store)
        assert not {liked, hidden} & listed(client, 3), kind
        assert not {liked, hidden} & listed(client, "new"), kind


@pytest.mark.parametrize("first", ["integers", "texts"])
def test_a_deletion_is_that_of_the_person_in_every_model(
    first: str, models: dict[str, Path], store: Store
) -> None:
    client = client_of(models[first], store)
    client.post(f"{V1}/events", json={"person": 3, "item": 1})
    second = "texts" if first == "integers" else "integers"
    client = client_of(models[second], store)
    receipt = client.request("DELETE", f"{V1}/admin/people?person=3").json()
    assert receipt["receipt"]["events"] == 1
    for kind in ("integers", "texts"):
        client = client_of(models[kind], store)
        assert client.get(f"{V1}/recommend?user=3").status_code == 404
        assert listed(client, 4)
