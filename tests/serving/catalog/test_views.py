"""Display records of items, and their records in responses."""

from __future__ import annotations

import json

import pytest

from penchant.data.catalog import Catalog
from penchant.serving.catalog.views import ItemView, Views, picture_address
from penchant.serving.records import encode
from penchant.serving.store.base import Override

HARMFUL = ["javascript:alert(1)", 'https://example.org/"onload=', "data:text/html,<script>"]


@pytest.mark.parametrize("picture", ["", "  "])
def test_no_picture_has_no_address(picture):
    assert picture_address(ItemView("a", "a", "", picture, ())) == ""


def test_web_addresses_are_unchanged():
    item = ItemView("a", "a", "", " https://example.org/a.png ", ())
    assert picture_address(item) == "https://example.org/a.png"


@pytest.mark.parametrize("picture", [*HARMFUL, "data:image/png;base64,AAAA", "/home/me/a.png"])
def test_other_pictures_are_served_by_the_server(picture):
    assert picture_address(ItemView("a/b &c", "a", "", picture, ())) == "/picture?id=a%2Fb+%26c"


def test_records_have_no_picture_data():
    catalog = Catalog(["a", "b"], names=["A", ""], pictures=["data:image/png,x", "x.png"])
    views = Views([catalog], {"b": Override(name='B "😀"', tags=("x",))})
    records = [json.loads(encode(views.record(item))) for item in ("a", "b")]
    assert records == [
        {"id": "a", "name": "A", "link": "", "picture": "/picture?id=a", "tags": []},
        {"id": "b", "name": 'B "😀"', "link": "", "picture": "/picture?id=b", "tags": ["x"]},
    ]
