"""Every hit of the search opens, whatever the catalog knows beyond the models."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.models.als.model import ALS
from penchant.models.neighbors import ItemNeighbors
from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.opening import open_store


@pytest.mark.parametrize("integers", [False, True])
def test_every_search_hit_opens(integers: bool) -> None:
    """The catalog names 400 items, the model of likes has 40 of them, another model ten more."""
    data = random_interactions(60, 50, seed=5)
    if integers:
        numbers = {f"i{n:04d}": n for n in range(400)}
        rows = [(u, numbers[str(i)]) for u in data.users for i in data.history(u)]
    else:
        rows = [(u, i) for u in data.users for i in data.history(u)]
    ids = list(range(400)) if integers else [f"i{n:04d}" for n in range(400)]
    from penchant.data.io.read import read_interactions

    catalog = Catalog(ids, names=[f"Band {n}" for n in range(400)])  # type: ignore[arg-type]
    full = read_interactions(rows).with_catalog(catalog)
    few = read_interactions([row for row in rows if row[1] in ids[:40]]).with_catalog(catalog)
    models = {"likes": ALS(factors=4, iterations=2).fit(few), "hybrid": ItemNeighbors().fit(full)}
    service = Service(models)  # type: ignore[arg-type]
    with open_store("sqlite://") as store:
        settings = ServeSettings(likes="model.penchant", watch=0)
        app = create_app(ModelReloader(service), store, settings)
        with TestClient(app, base_url="http://localhost", headers={"accept": "text/html"}) as web:
            opened = set()
            for n in range(0, 400, 3):
                for query in (f"Band {n}", ids[n]):
                    page = web.get("/search", params={"q": query}).text
                    opened |= set(re.findall(r'href="(/item\?id=[^"]+)"', page))
                found = web.get("/api/v1/search", params={"q": f"Band {n}"}).json()
                for hit in found["items"] if isinstance(found, dict) else found:
                    item = hit.get("item", hit)
                    assert web.get("/api/v1/items/" + str(item["id"])).status_code == 200
            assert len(opened) >= 40
            broken = [link for link in opened if web.get(link).status_code != 200]
            assert broken == []
