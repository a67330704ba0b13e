"""Responses of the API conform to its OpenAPI document."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.opening import open_store

V1 = "/api/v1"
TOKEN = "a-token-of-some-length"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@pytest.fixture
def schema(files, tmp_path):
    """Return the schema of an application that accepts any host name."""
    settings = ServeSettings(likes=str(files.likes), watch=0, hosts=("*",), token=TOKEN, rate=0)
    with open_store(f"sqlite:///{tmp_path / 'schema.db'}") as store:
        app = create_app(ModelReloader.open(files, store), store, settings)
        yield schemathesis.openapi.from_asgi(f"{V1}/openapi.json", app)


def test_parameters_have_a_description(schema) -> None:
    named = {
        (path, parameter["name"]): parameter.get("description")
        for path, operations in schema.raw_schema["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
    }
    assert len(named) > 20
    undescribed = {name for (_, name), text in named.items() if not text}
    assert undescribed <= {"item", "person", "user"}  # the ids that operations are about


def test_responses_match_the_document(schema):
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=5,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case) -> None:
            parts = unquote(str((case.path_parameters or {}).get("item", "x"))).split("/")
            assume(not {"", ".", ".."} & set(parts))  # clients turn these into other addresses
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {TOKEN}"})

        check()


def test_the_document_is_complete(client: TestClient):
    document = client.get(f"{V1}/openapi.json").json()
    for path, methods in document["paths"].items():
        assert path.startswith(V1)
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert {"200", "422", "429", "500"} <= set(operation["responses"]), (path, method)
    writes = [
        (path, method)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") and {} not in operation["security"]
    ]
    assert {
        path
        for path, methods in document["paths"].items()
        if any({} in operation.get("security", []) for operation in methods.values())
    } == {f"{V1}/recommend", f"{V1}/explain"}
    assert {path for path, _ in writes} == {
        f"{V1}/events",
        f"{V1}/events/batch",
        f"{V1}/admin/items",
        f"{V1}/admin/people",
        f"{V1}/admin/reload",
    }
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_examples_of_the_document_work(client: TestClient):
    document = client.get(f"{V1}/openapi.json").json()
    schemas = document["components"]["schemas"]
    for name in ("RecommendIn", "ExplainIn", "EventIn"):
        assert schemas[name]["examples"], name
    [example] = schemas["EventIn"]["examples"]
    assert client.post(f"{V1}/events", json=example).status_code == 200
