"""A log, a catalog and features in one PostgreSQL database, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.postgres import execute

import penchant

SHOP = """
CREATE TABLE goods (id BIGINT PRIMARY KEY, title TEXT, image_url TEXT, categories TEXT[]);
CREATE TABLE events (who TEXT, item BIGINT, kind TEXT, at TIMESTAMP);
INSERT INTO goods SELECT n, 'Mug ' || n, NULL, ARRAY['mugs', 'c' || n % 3]
    FROM generate_series(1, 9) n;
INSERT INTO events SELECT 'u' || n % 7, 1 + n % 9, CASE WHEN n % 3 = 0 THEN 'buy' ELSE 'view' END,
    '2026-01-01'::timestamp FROM generate_series(1, 60) n;
"""
LOG = ("--query", "SELECT who AS customer, item FROM events")
GOODS = "SELECT id, title, image_url, categories FROM goods"


@pytest.fixture(scope="module")
def address(postgres_server) -> str:
    """An address with a password, which this server does not ask for."""
    url = postgres_server.url().replace("penchant@", "penchant:hunter2@")
    execute(url, SHOP)
    return url


@pytest.fixture
def fit(address: str, tmp_path: Path):
    """Return a function that fits a model on the log with some options."""
    begin = ("fit", address, "-o", tmp_path / "m.penchant")

    def fitted(*options: str, model: str = "popularity", log: tuple[str, ...] = LOG):
        return run(*begin, "--model", model, *log, *options)

    return fitted


def test_the_catalog_is_in_the_database_of_the_log(fit, tmp_path) -> None:
    ran = fit("--catalog-query", GOODS)
    assert ran.code == 0, ran.err
    catalog = penchant.load(tmp_path / "m.penchant").catalog
    assert catalog.name(2) == "Mug 2"
    assert catalog.tags[catalog.items.code(4)] == ("mugs", "c1")
    assert b"hunter2" not in (tmp_path / "m.penchant").read_bytes()


def test_features_are_in_the_database_of_the_log(fit, tmp_path) -> None:
    ran = fit(
        *("--item-features-query", "SELECT id, categories FROM goods"),
        *("--factors", "4", "--iterations", "2"),
        model="hybrid-als",
    )
    assert ran.code == 0, ran.err
    assert penchant.load(tmp_path / "m.penchant").recommend(history=[3], k=2).ids


def test_events_of_types_in_a_database(fit, tmp_path) -> None:
    log = ("--query", "SELECT who AS customer, item, kind, at FROM events")
    weights = ("--event", "kind", "--weight", "buy=5", "--weight", "view=1")
    ran = fit(*weights, "--timestamp", "at", "--half-life", "30d", log=log)
    assert ran.code == 0, ran.err
    values = penchant.load(tmp_path / "m.penchant").interactions.csr.values
    assert values.sum() == 20 * 5 + 40
    ran = fit("--weight", "buy=5", log=log)
    assert (ran.code, "--event" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--catalog-query", "SELECT 7 AS id, 'x' AS sku"),
         "--catalog-query: can't tell which column"),
        (("--catalog-query", "SELECT 'K' || id AS id, title FROM goods"),
         "--catalog-query has none of the items of the log: its ids look like 'K1'"),
        (("--catalog", "goods.csv", "--catalog-query", GOODS),
         "--catalog-query goes with the address of a database"),
        (("--item-features-query", "SELECT id, '{}'::jsonb AS facts FROM goods"),
         "--item-features-query: column 'facts' of the query holds dict values"),
        (("--item-features", "a.csv", "--item-features-query", GOODS),
         "--item-features-query goes with the address of a database"),
        (("--item-features-query", GOODS, "--features-sep", ","), "leave out --features-sep"),
        (("--item-features-query", "SELECT 'K' || id AS id, title FROM goods"),
         "--item-features-query has none of the items of the log"),
    ],
)  # fmt: skip
def test_errors_name_the_query_that_they_are_about(fit, options, message) -> None:
    model = "hybrid-als" if "features" in options[0] else "popularity"
    ran = fit(*options, model=model)
    assert ran.code in (1, 2)
    assert message in ran.err
    assert "hunter2" not in ran.out + ran.err


def test_a_catalog_without_a_query(fit, address) -> None:
    ran = fit("--catalog", address)
    assert (ran.code, "--catalog-query, the SELECT" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mysql://me:hunter2@host/shop", "databases of the kind 'mysql'"),
        ("jdbc:postgresql://me:hunter2@host/shop", "not the address of a database"),
        ("host=h dbname=shop user=me password=hunter2", "not the address of a database"),
        ("postgresql://me:hunter2@x@host/shop", "%40"),
        ("postgresql://me:hunter2@127.0.0.1:1/shop", "postgresql://me:***@127.0.0.1:1/shop"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "evaluate", "ingest"])
def test_no_message_has_the_password(verb, source, message, tmp_path) -> None:
    to = () if verb == "evaluate" else ("-o", tmp_path / "x.parquet")
    for query in ((), LOG):
        for as_json in ((), ("--json",)):
            ran = run(verb, source, *to, *query, *as_json)
            assert ran.code in (1, 2)
            assert "hunter2" not in ran.out + ran.err
    if verb != "ingest":  # which calls what is no address of a database a file
        assert message in ran.err
