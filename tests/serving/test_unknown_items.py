"""Histories of visitors whose items the model does not have, such as new products."""

from __future__ import annotations

import pytest

V1 = "/api/v1"


@pytest.mark.parametrize("path", ["recommend", "explain"])
def test_an_unknown_item_is_an_error(client, path) -> None:
    extra = {"item": "i0001"} if path == "explain" else {}
    answer = client.post(f"{V1}/{path}", json={"history": ["i0003", "new"], **extra})
    assert answer.status_code == 404
    assert "unknown item 'new'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("entry", ["new", {"item": "new", "value": 3}])
@pytest.mark.parametrize("path", ["recommend", "explain"])
def test_unknown_items_are_left_out_if_that_is_requested(client, path, entry) -> None:
    extra = {"item": "i0001"} if path == "explain" else {}
    known = client.post(f"{V1}/{path}", json={"history": ["i0003"], **extra})
    body = {"history": ["i0003", entry], "skip_unknown": True, **extra}
    assert client.post(f"{V1}/{path}", json=body).json() == known.json()


def test_without_a_known_item_there_are_popular_ones(client) -> None:
    popular = client.get(f"{V1}/popular", params={"k": 3}).json()
    body = {"history": ["new"], "skip_unknown": True, "k": 3}
    assert client.post(f"{V1}/recommend", json=body).json() == popular


def test_without_a_known_item_there_is_nothing_to_explain(client) -> None:
    body = {"history": ["new"], "skip_unknown": True, "item": "i0001"}
    answer = client.post(f"{V1}/explain", json=body)
    assert (answer.status_code, answer.json()["reasons"]) == (200, [])
