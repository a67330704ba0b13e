"""Routes that validate all parameters at once behave like FastAPI's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

import pytest
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from penchant.serving.api.quick import QuickRoute, QuickRoutes
from penchant.serving.service import Service

QUERIES = [
    "name=a",
    "name=a&k=7&on=false&kind=tags&share=0.5",
    "name=a&name=b&k=1&k=2",
    "name=a&many=1&many=2",
    "name=a&many=",
    "name=%C3%BC+%26&many=%C3%BC",
    "name=a&other=x",
    "name=a;k=3",
    "name=%ff",
    "",
    "name=",
    "name=a&k=0",
    "name=a&k=1001",
    "name=a&k=one",
    "name=a&k=",
    "name=a&on=perhaps",
    "name=a&kind=smell",
    "name=a&share=nan",
    "k=0&on=perhaps",
    "name=a&" + "&".join(f"many={n}" for n in range(6)),
]


async def listed(
    request: Request,
    name: Annotated[str, Query(min_length=1)],
    k: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 20,
    on: bool = True,
    kind: Annotated[Literal["likes", "tags"], Query(description="Of which.")] = "likes",
    share: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
    many: Annotated[list[str] | None, Query(max_length=5)] = None,
) -> Response:
    return JSONResponse([str(request.url.path), name, k, on, kind, share, many])


async def endpoint(request: Request, item: str, k: int = 3) -> Response:
    return JSONResponse([item, k])


def client_of(route_class: type) -> TestClient:
    router = APIRouter(route_class=route_class)
    router.get("/listed")(listed)
    router.get("/one/{item}")(endpoint)
    app = FastAPI()
    app.include_router(router, prefix="/v1")
    return TestClient(app)


@pytest.fixture(scope="module")
def clients() -> tuple[TestClient, TestClient]:
    router = APIRouter()
    return client_of(router.route_class), client_of(QuickRoute)


@pytest.mark.parametrize("query", QUERIES)
def test_queries_are_validated_like_fastapi_does(clients, query):
    usual, quick = (client.get(f"/v1/listed?{query}") for client in clients)
    assert quick.status_code == usual.status_code
    if usual.status_code == 200:
        assert quick.json() == usual.json()
    else:
        errors = [
            [(entry["loc"], entry["type"], entry["msg"]) for entry in answer.json()["detail"]]
            for answer in (quick, usual)
        ]
        assert sorted(map(json.dumps, errors[0])) == sorted(map(json.dumps, errors[1]))


def test_path_parameters_are_validated_by_fastapi(clients):
    for client in clients:
        assert client.get("/v1/one/x?k=5").json() == ["x", 5]


def test_the_document_is_the_same(clients):
    usual, quick = (client.get("/openapi.json").json() for client in clients)
    assert quick == usual


# --- found by a look-up -----------------------------------------------------------------

PATHS = [
    "/api/v1/recommend?user=u0001&k=3",
    "/api/v1/recommend?user=unknown",
    "/api/v1/recommend?user=u0001&k=0",
    "/api/v1/recommend?user=u0001&k=999&offset=2",
    "/api/v1/recommend",
    "/api/v1/recommend/",
    "/api/v1/similar?item=i0003&role=hybrid&tags=rock",
    "/api/v1/similar?item=i0003&role=visual",
    "/api/v1/explain?user=u0001&item=i0003",
    "/api/v1/popular?k=2",
    "/api/v1/search?q=band",
    "/api/v1/items?k=2",
    "/api/v1/items/i0003",
    "/api/v1/models",
    "/api/v1/ready",
    "/api/v1/health",
    "/api/v1/nothing",
]


@pytest.fixture
def without_lookup(app: FastAPI) -> Iterator[TestClient]:
    """A client of the application without :class:`QuickRoutes`."""
    app.user_middleware = [part for part in app.user_middleware if part.cls is not QuickRoutes]
    with TestClient(app, base_url="http://localhost") as made:
        yield made


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_answers_are_those_of_the_application(app, without_lookup, method, accept):
    lookup = QuickRoutes(app.router, app.routes)
    assert len(lookup._handlers) > 5
    slow = [without_lookup.request(method, path, headers={"accept": accept}) for path in PATHS]
    app.user_middleware.append(Middleware(QuickRoutes, routes=app.routes))
    app.middleware_stack = None  # built again
    with TestClient(app, base_url="http://localhost") as client:
        quick = [client.request(method, path, headers={"accept": accept}) for path in PATHS]
    for path, left, right in zip(PATHS, quick, slow, strict=True):
        assert left.status_code == right.status_code, path
        assert left.content == right.content, path
        assert left.headers == right.headers, path


def test_requests_are_counted_for_their_paths(client):
    client.get("/api/v1/recommend?user=u0001")
    client.get("/api/v1/recommend?user=unknown")
    text = client.get("/metrics").text
    assert 'penchant_requests_total{path="/api/v1/recommend",status="2xx"} 1\n' in text
    assert 'penchant_requests_total{path="/api/v1/recommend",status="4xx"} 1\n' in text


def test_an_unexpected_error_is_not_disclosed(app, client, monkeypatch):
    monkeypatch.setattr(Service, "rank", lambda *_: 1 / 0)
    answer = client.get("/api/v1/recommend?user=u0001")
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "Fault"
    assert answer.headers["x-content-type-options"] == "nosniff"
