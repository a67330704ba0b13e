from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from penchant.serving import records
from penchant.serving.records import ItemOut, Page, ScoredOut, encode, score_texts


def page(name: str, score: float) -> Page:
    return Page([ScoredOut("a", name, "", "", ("x",), *score_texts([score]))], 1, 0)


def test_records_are_encoded_as_json() -> None:
    item = '{"id":"a","name":"Sigur Rós","link":"","picture":"","tags":["x"],"score":0.5}'
    assert encode(page("Sigur Rós", 0.5)).decode() == f'{{"items":[{item}],"k":1,"offset":0}}'


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.10000000149011612, b"0.1"), (523.0, b"523"), (-1.25e-9, b"-1.25e-09"), (0.0, b"0")],
)
def test_scores_have_the_digits_of_a_float32(score: float, text: bytes) -> None:
    assert [bytes(value) for value in score_texts([score])] == [text]
    assert json.loads(encode(page("a", score)))["items"][0]["score"] == pytest.approx(score, 1e-6)


def test_lone_surrogates_are_replaced() -> None:
    assert json.loads(encode(page("a\ud800", 0.5)))["items"][0] == {
        "id": "a",
        "name": "a?",
        "link": "",
        "picture": "",
        "tags": ["x"],
        "score": 0.5,
    }
    assert encode(ItemOut(1, "\ud800", "", "", ())).startswith(b'{"id":1,"name":"?"')


def test_the_document_defines_every_record_it_refers_to(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    schemas: dict[str, Any] = document["components"]["schemas"]
    references = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert references <= set(schemas)
    for record in records.RECORDS:
        schema = schemas[record.__name__]
        assert schema["description"] == record.__doc__
        assert schema["required"] == list(record.__struct_fields__)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation["responses"]["200"]["content"]["application/json"]
            assert content["schema"].keys() == {"$ref"}, (path, method)
    assert schemas["ScoredOut"]["properties"]["score"]["type"] == "number"
