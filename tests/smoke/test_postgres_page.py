"""The manual's page on a shop in PostgreSQL: its SQL, command and code run against a server."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import run
from tests.postgres import execute
from tests.smoke.servers import Server, serving

import penchant
from penchant.models.popularity import Popularity

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "postgresql.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sql|sh|python)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ADDRESS = "postgresql://recommender@db/shop"
TOKEN = "the token of this test"
SHOP = """
CREATE TABLE products (id BIGINT PRIMARY KEY, title TEXT, image_url TEXT, categories TEXT[],
    withdrawn_at TIMESTAMPTZ);
CREATE TABLE events (user_id UUID, product_id BIGINT, kind TEXT, created_at TIMESTAMPTZ);
INSERT INTO products SELECT n, 'Mug ' || n, 'https://img.example/' || n || '.jpg',
    ARRAY['mugs', CASE n % 2 WHEN 0 THEN 'red' ELSE 'blue' END] FROM generate_series(1, 60) n;
INSERT INTO events SELECT md5(u::text)::uuid, 1 + (u % 2 + 2 * ((u * u + 7 * e * e) % 30)),
    CASE WHEN (u + e) % 4 = 0 THEN 'buy' ELSE 'view' END, now() - e * INTERVAL '1 day'
    FROM generate_series(1, 80) u, generate_series(1, 12) e;
"""


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


@pytest.fixture(scope="module")
def address(postgres_server) -> str:
    """The address of the page's role, whose database has the shop's tables."""
    owner = postgres_server.url().partition("&options")[0]
    execute(owner, "CREATE DATABASE shop")
    shop = owner.replace("/postgres?", "/shop?")
    [roles] = blocks("sql")
    execute(shop, f"{SHOP};{roles}")
    return shop.replace("penchant@", "recommender@")


@pytest.fixture(scope="module")
def model(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the page's command writes."""
    [line] = [block for block in blocks("sh") if block.startswith("penchant fit")]
    words = shlex.split(line.replace("\\\n", " ").replace(ADDRESS, f"'{address}'"))[1:]
    path = tmp_path_factory.mktemp("shop") / "shop.penchant"
    words[words.index("-o") + 1] = str(path)
    ran = run(*words)
    assert ran.code == 0, ran.err
    return path


@pytest.fixture
def server(model: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("PENCHANT_TOKEN", TOKEN)
    with serving(model, address, "--workers", 2) as running:
        monkeypatch.setenv("RECOMMENDER", running.address.rstrip("/"))
        yield running


@pytest.fixture
def names(server: Server, address: str) -> Iterator[dict[str, Any]]:
    """What the page's Python defines."""
    defined: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block.replace(ADDRESS, address), "postgresql.md", "exec"), defined)
    yield defined
    defined["api"].close()


def customer(address: str, number: int = 1) -> str:
    query = f"SELECT md5('{number}')::uuid AS user_id, 1 AS item"
    return str(penchant.read_interactions(address, query=query).users[0])


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


def test_the_model_is_better_than_popularity(model: Path) -> None:
    fitted = penchant.load(model)
    split = penchant.split.random_fraction(fitted.interactions, 0.2, seed=0)
    own = penchant.evaluate(fitted.with_settings().fit(split.train), split, k=10)
    popular = penchant.evaluate(Popularity().fit(split.train), split, k=10)
    assert own["ndcg@10"] > popular["ndcg@10"]
    assert fitted.catalog.name(7) == "Mug 7"
    assert fitted.catalog.tags[fitted.catalog.items.code(7)] == ("mugs", "blue")


def test_each_kind_of_visitor_gets_recommendations(names, address, model) -> None:
    recommend, known = names["recommend"], customer(address)
    fitted = penchant.load(model)
    assert ids(recommend(known, k=5)) == fitted.recommend(known, k=5).ids
    assert recommend(known, k=1)[0]["picture"].startswith("https://img.example/")
    popular = ids(recommend(k=5))
    assert ids(recommend("a stranger", k=5)) == popular
    assert ids(recommend(viewed=[4, 999], k=5)) == fitted.recommend(history=[4], k=5).ids
    assert popular[0] not in ids(recommend(leave_out=[popular[0], 999], k=5))


def test_a_purchase_counts_at_once_and_once(names, address) -> None:
    before = names["recommend"]("new customer", k=5)
    for _ in range(2):
        names["bought"]("new customer", 4, order=17)
    assert ids(names["recommend"]("new customer", k=5)) != ids(before)
    query = "SELECT person AS user_id, item FROM penchant_events WHERE person = '\"new customer\"'"
    log = penchant.read_interactions(address, query=query, duplicates="error")
    assert log.nnz == 1


def test_withdrawn_products_are_hidden_and_shown_again(names, address) -> None:
    [first] = ids(names["recommend"](k=1))
    owner = address.replace("recommender@", "penchant@")
    change = "UPDATE products SET withdrawn_at = {} WHERE id = " + str(first)
    for value in ("now()", "NULL"):
        execute(owner, change.format(value))
        names["hide_withdrawn"]()
        until = time.monotonic() + 30
        while (first in ids(names["recommend"](k=5))) != (value == "NULL"):
            assert time.monotonic() < until, "a server looks at the store once a second"
            time.sleep(0.2)


def test_the_role_can_write_nothing_of_the_shop(address) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        execute(address, "DELETE FROM public.events")
