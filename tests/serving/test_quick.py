"""Routes that validate all parameters at once behave like FastAPI's."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from penchant.serving.api.quick import QuickRoute

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
