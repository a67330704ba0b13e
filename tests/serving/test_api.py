"""The endpoints of the API."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.models.als.model import ALS
from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.opening import open_store

V1 = "/api/v1"


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_users_of_the_model_get_its_recommendations(client, service):
    user = service.likes.users[1]
    page = client.get(f"{V1}/recommend", params={"user": user, "k": 5, "offset": 1}).json()
    expected = service.recommend(user, k=5, offset=1)
    assert [item["id"] for item in page["items"]] == [scored.item.id for scored in expected]
    assert [item["score"] for item in page["items"]] == pytest.approx(
        [scored.score for scored in expected], rel=1e-5
    )
    assert (page["k"], page["offset"]) == (5, 1)
    first = page["items"][0]
    assert first["name"] == expected[0].item.name
    assert first["tags"] == list(expected[0].item.tags)


def test_histories_in_the_body(client, service):
    user = service.likes.users[1]
    history = [{"item": item, "value": value} for item, value in service.history(user).items()]
    answer = client.post(f"{V1}/recommend", json={"history": history, "k": 5})
    assert ids(answer) == ids(client.get(f"{V1}/recommend", params={"user": user, "k": 5}))
    assert ids(client.post(f"{V1}/recommend", json={"user": user, "k": 5})) == ids(answer)
    assert ids(client.post(f"{V1}/recommend", json={"k": 3})) == ids(
        client.get(f"{V1}/popular?k=3")
    )
    both = client.post(f"{V1}/recommend", json={"user": user, "history": []})
    assert both.status_code == 422


def test_filters_of_addresses(client):
    only = ids(client.get(f"{V1}/recommend?user=u0001&allow=i0003&allow=i0004&exclude_seen=false"))
    assert sorted(only) == ["i0003", "i0004"]
    assert "i0003" not in ids(client.get(f"{V1}/recommend?user=u0001&k=40&deny=i0003"))
    rock = client.get(f"{V1}/recommend?user=u0001&k=40&tags=rock").json()["items"]
    assert rock
    assert all("rock" in item["tags"] for item in rock)
    assert ids(client.get(f"{V1}/recommend?user=u0001&diversity=0.9")) != ids(
        client.get(f"{V1}/recommend?user=u0001")
    )


def test_items(client):
    assert client.get(f"{V1}/items/i0000").json()["name"] == "Radiohead"
    page = client.get(f"{V1}/items?k=3&offset=38").json()
    assert ([item["id"] for item in page["items"]], page["total"]) == (["i0038", "i0039"], 40)
    assert ids(client.get(f"{V1}/search?q=radoihead"))[0] == "i0000"
    assert len(ids(client.get(f"{V1}/similar?item=i0000&role=hybrid&k=4"))) == 4


@pytest.mark.parametrize(
    "address",
    [
        "/items?k=3",
        "/popular?k=40",
        "/search?q=thing",
        "/similar?item=i0001",
        "/recommend?user=u0001",
        "/recommend?user=u0001&diversity=0.5",
    ],
)
def test_responses_contain_addresses_of_pictures(tmp_path, address):
    data = random_interactions(60, 40, seed=5)
    drawn = ["data:image/svg+xml,%3Csvg/%3E"] * 40
    named = Catalog(data.items, names=[f"Thing {n}" for n in range(40)], pictures=drawn)
    service = Service({"likes": ALS(factors=8, iterations=2).fit(data.with_catalog(named))})
    with open_store(f"sqlite:///{tmp_path / 'pictures.db'}") as store:
        app = create_app(ModelReloader(service), store, ServeSettings(likes="x.penchant", watch=0))
        with TestClient(app, base_url="http://localhost") as client:
            answer = client.get(V1 + address)
            assert "data:" not in answer.text
            for item in answer.json()["items"]:
                assert item["picture"] == f"/picture?id={item['id']}"
                picture = client.get(item["picture"])
                assert picture.headers["content-type"] == "image/svg+xml"
                assert "sandbox" in picture.headers["content-security-policy"]


def test_explanations(client, service):
    best = client.get(f"{V1}/recommend?user=u0001&k=1").json()["items"][0]
    why = client.get(f"{V1}/explain", params={"user": "u0001", "item": best["id"]}).json()
    assert why["item"]["id"] == best["id"]
    assert why["score"] == pytest.approx(best["score"], rel=1e-4)
    assert {item["id"] for item in why["reasons"]} <= set(service.history("u0001"))
    request = {"history": list(service.history("u0001")), "item": best["id"]}
    assert client.post(f"{V1}/explain", json=request).status_code == 200


def test_events_count_at_once_and_can_be_removed(client):
    def event(**fields) -> list[bool]:
        answer = client.post(f"{V1}/events", json={"person": "new-person", **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["stored"]

    request = f"{V1}/recommend?user=new-person&k=5"
    assert client.get(request).status_code == 404
    assert event(item="i0003", key="1") == [True]
    one_like = ids(client.get(request))
    assert one_like == ids(client.post(f"{V1}/recommend", json={"history": ["i0003"], "k": 5}))
    assert event(item="i0003", key="1") == [False]
    event(item="i0007")
    assert ids(client.get(request)) != one_like
    event(item="i0007", kind="unlike")
    assert ids(client.get(request)) == one_like


def test_likes_of_the_training_data_can_be_removed(client, service):
    seen = next(iter(service.history("u0001")))
    everything = f"{V1}/recommend?user=u0001&k=40"
    assert seen not in ids(client.get(everything))
    client.post(f"{V1}/events", json={"person": "u0001", "item": seen, "kind": "unlike"})
    assert seen in ids(client.get(everything))


def test_batches_and_keys(client):
    events = [{"person": "p", "item": f"i000{n}", "key": str(n % 2)} for n in range(4)]
    answer = client.post(f"{V1}/events/batch", json={"events": events})
    assert answer.json() == {"stored": [True, True, False, False]}
    single = {"person": "q", "item": "i0001"}
    stored = [
        client.post(f"{V1}/events", json=single, headers={"Idempotency-Key": "k"}).json()["stored"]
        for _ in range(2)
    ]
    assert stored == [[True], [False]]


def test_events_of_a_person_are_deleted(client):
    client.post(f"{V1}/events", json={"person": "p", "item": "i0001"})
    request = f"{V1}/recommend?user=p&k=3"
    assert client.get(request).status_code == 200
    assert client.delete(f"{V1}/admin/people?person=p").status_code == 200
    assert client.get(request).status_code == 404


def test_people_without_likes_get_popular_items(client):
    for kind in ("like", "unlike"):
        client.post(f"{V1}/events", json={"person": "p", "item": "i0001", "kind": kind})
    popular = ids(client.get(f"{V1}/popular?k=3"))
    assert ids(client.get(f"{V1}/recommend?user=p&k=3")) == popular


def test_items_are_overridden(client):
    put = client.put(f"{V1}/admin/items", json={"item": "i0001", "name": "Other", "tags": ["x"]})
    assert put.status_code == 200
    assert client.get(f"{V1}/items/i0001").json()["name"] == "Other"
    client.put(f"{V1}/admin/items", json={"item": "i0001", "hidden": True})
    assert client.get(f"{V1}/items/i0001").status_code == 404
    client.put(f"{V1}/admin/items", json={"item": "i0001"})
    assert client.get(f"{V1}/items/i0001").json()["name"] == "Sigur Rós"


@pytest.mark.parametrize(
    ("address", "status", "kind"),
    [
        ("/recommend?user=unknown", 404, "UnknownIdError"),
        ("/recommend", 422, "Invalid"),
        ("/recommend?user=u0001&k=0", 422, "Invalid"),
        ("/recommend?user=u0001&k=1001", 422, "Invalid"),
        ("/recommend?user=u0001&k=900&offset=900", 422, "SettingsError"),
        ("/recommend?user=u0001&diversity=nan", 422, "Invalid"),
        ("/similar?item=i0001&role=visual", 422, "UnsupportedError"),
        ("/similar?item=i0001&role=smell", 422, "Invalid"),
        ("/items/nothing", 404, "UnknownIdError"),
        ("/nowhere", 404, "NotFound"),
        ("/events", 405, "MethodNotAllowed"),
    ],
)
def test_errors_have_one_shape(client, address, status, kind):
    answer = client.get(V1 + address)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["kind"] == kind
    assert error["message"]
    assert set(error) == {"kind", "message", "details"}


def test_internal_errors_reveal_nothing(app, client, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(app.state.penchant.reloader.service, "popular", broken)
    answer = client.get(f"{V1}/popular")
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "Fault"
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]
    assert "the secret of the house" in caplog.text


def test_health_and_readiness(client, app):
    assert client.get(f"{V1}/health").json() == {"status": "ok"}
    assert client.get(f"{V1}/ready").json() == {"status": "ready"}
    assert [item["role"] for item in client.get(f"{V1}/models").json()["models"]] == [
        "likes",
        "hybrid",
    ]
    app.state.penchant.store.close()


def test_metrics_count(client):
    client.get(f"{V1}/recommend?user=u0001")
    client.get(f"{V1}/recommend?user=unknown")
    client.get("/nowhere")
    client.post(f"{V1}/events", json={"person": "p", "item": "i0001"})
    lines = client.get("/metrics").text.splitlines()
    assert 'penchant_requests_total{path="/api/v1/recommend",status="2xx"} 1' in lines
    assert 'penchant_requests_total{path="/api/v1/recommend",status="4xx"} 1' in lines
    assert 'penchant_requests_total{path="other",status="4xx"} 1' in lines
    assert 'penchant_request_seconds_count{path="/api/v1/recommend"} 2' in lines
    assert 'penchant_request_seconds_bucket{path="/api/v1/recommend",le="+Inf"} 2' in lines
    assert "penchant_events_stored_total 1" in lines
    assert "penchant_model_users 60" in lines
