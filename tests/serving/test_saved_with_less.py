"""Models without their interactions: the store has people's histories, or the answer says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.serving.conftest import small_data

import penchant
from penchant.errors import UnknownIdError, UnsupportedError
from penchant.models.base import Model
from penchant.serving.app import create_app
from penchant.serving.learned import Learned
from penchant.serving.people import People, Profile
from penchant.serving.process.ipc import SharedState
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.process.update import update_model
from penchant.serving.query import RecommendQuery
from penchant.serving.service import Service
from penchant.serving.store.base import Event, Store
from penchant.serving.store.opening import open_store

Saved = Callable[[Any], Service]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def whole() -> Model:
    return penchant.ALS(factors=4, iterations=3).fit(small_data())


@pytest.fixture
def saved(whole: Model, tmp_path: Path) -> Saved:
    """A service of the model that was saved with less, and has learned ten events."""

    def service(kept: Any) -> Service:
        path = whole.save(tmp_path / f"{kept}.penchant", interactions=kept)
        return Service({"likes": penchant.load(path)}, learned=Learned(10))

    return service


@pytest.mark.parametrize("kept", ["seen", "none"])
def test_all_events_of_the_store_are_the_history(
    kept: str, saved: Saved, store: Store, whole: Model
) -> None:
    service, people = saved(kept), People(store, SharedState())
    user, items = whole.users[0], list(whole.items)
    store.add([Event(user, item) for item in items[:5]])  # learned, but not in the file
    assert people.likes(service, user) == dict.fromkeys(items[:5], 1.0)
    profile = people.resolve(service, user)
    assert profile == Profile(None, dict.fromkeys(items[:5], 1.0), user)
    query = RecommendQuery(None, profile.history, k=40, seen_by=profile.seen_by)
    ids, _ = service.rank(query)
    seen = set(items[:5]) | (set(whole.interactions.history(user)) if kept == "seen" else set())
    assert set(ids) == set(items) - seen
    every, _ = service.rank(query._replace(exclude_seen=False))
    assert set(every) == set(items)
    history = dict(profile.history or {})
    wanted = whole.recommend(history=history, k=40, exclude_seen=False)
    assert list(every) == list(wanted.ids)


def test_people_without_events(saved: Saved, store: Store, whole: Model) -> None:
    people, user = People(store, SharedState()), whole.users[0]
    seen, none = saved("seen"), saved("none")
    assert people.resolve(seen, user) == people.resolve(none, user) == Profile(user, None)
    assert people.likes(seen, user) == people.likes(none, user) == {}
    assert seen.rank(RecommendQuery(user))[0] == whole.recommend(user, k=20).ids
    with pytest.raises(UnsupportedError, match="can't be left out"):
        none.rank(RecommendQuery(user))
    assert len(none.rank(RecommendQuery(user, exclude_seen=False))[0]) == 20
    with pytest.raises(UnknownIdError):
        people.resolve(none, "nobody")


def test_a_model_with_its_interactions_takes_over_and_gives_way(
    saved: Saved, store: Store, whole: Model
) -> None:
    less, people = saved("none"), People(store, SharedState())
    full = Service({"likes": whole}, learned=Learned(10))
    user = whole.users[0]
    store.add([Event(user, item) for item in list(whole.items)[:5]])
    for _ in range(2):
        assert people.resolve(full, user) == Profile(user, None)
        assert len(people.likes(less, user)) == 5


def test_popular_items_and_the_summary_are_the_same(saved: Saved, whole: Model) -> None:
    full = Service({"likes": whole})
    for kept in ("seen", "none"):
        service = saved(kept)
        assert service.popular(10) == full.popular(10)
        [record] = service.summary()
        assert record["interactions"] == whole.interactions.nnz
        assert record["kept_interactions"] == kept
    assert full.summary()[0]["kept_interactions"] == "all"


def test_the_api_says_what_is_missing(whole: Model, store: Store, tmp_path: Path) -> None:
    path = whole.save(tmp_path / "none.penchant", interactions="none")
    settings = ServeSettings(likes=str(path), watch=0)
    app = create_app(ModelReloader.open(Artifacts(path), store), store, settings)
    user = whole.users[0]
    with TestClient(app, base_url="http://localhost") as client:
        answer = client.get("/api/v1/recommend", params={"user": user})
        assert answer.status_code == 422
        assert "exclude_seen=False" in answer.json()["error"]["message"]
        store.add([Event(user, whole.items[3])])
        state = app.state.penchant
        state.people.refresh(state.reloader.service)
        answer = client.get("/api/v1/recommend", params={"user": user})
        assert answer.status_code == 200
        assert whole.items[3] not in [item["id"] for item in answer.json()["items"]]
        explained = client.get("/api/v1/explain", params={"user": user, "item": whole.items[7]})
        assert explained.status_code == 200
        page = client.get("/person", params={"id": user})
        assert page.status_code == 200


def test_an_update_needs_the_interactions(whole: Model, store: Store, tmp_path: Path) -> None:
    path = whole.save(tmp_path / "seen.penchant", interactions="seen")
    before = path.read_bytes()
    with pytest.raises(UnsupportedError, match="save it with interactions='all'"):
        update_model(store, path, path)
    assert path.read_bytes() == before
