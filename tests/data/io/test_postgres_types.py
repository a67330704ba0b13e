"""What PostgreSQL has beyond SQLite: types of its own, USER, hints, addresses with options."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.postgres import execute

import penchant
from penchant.data.io import database
from penchant.errors import ColumnError, DataError, SettingsError

SHOP = """
CREATE TABLE products (
    id BIGINT PRIMARY KEY, title TEXT, image_url TEXT, categories TEXT[], facts JSONB, raw BYTEA);
CREATE TABLE events (
    who UUID, product BIGINT, kind TEXT, n NUMERIC(8, 2), at TIMESTAMPTZ, ip INET, took INTERVAL,
    "user" TEXT);
INSERT INTO products SELECT n, 'Größe ' || n, 'https://img.example/' || n, CASE WHEN n > 1
    THEN ARRAY['shoes', CASE WHEN n % 2 = 0 THEN 'red, light' ELSE 'blue' END] END, '{}', '\\x00'
    FROM generate_series(1, 6) n;
INSERT INTO events SELECT md5((n % 4)::text)::uuid, 1 + n % 6, CASE WHEN n % 3 = 0 THEN 'buy'
    ELSE 'view' END, 1.5, '2026-01-01 00:00:00+02'::timestamptz + n * INTERVAL '1 day',
    '10.0.0.1', '1 s', 'u' || n % 4 FROM generate_series(1, 24) n;
INSERT INTO events (who, product, kind) VALUES (NULL, 1, 'view');
"""


@pytest.fixture(scope="module")
def address(postgres_server) -> str:
    url = postgres_server.url()
    execute(url, SHOP)
    return url


def read(address: str, columns: str, **named: str) -> penchant.Interactions:
    return penchant.read_interactions(address, query=f"SELECT {columns} FROM events", **named)


def test_usual_types_are_read(address) -> None:
    log = read(address, "who AS user_id, product AS item, n AS value, at", timestamp="at")
    assert (log.n_users, log.n_items, log.nnz) == (4, 6, 12)
    assert {len(user) for user in log.users} == {36}
    assert sorted(log.items) == [1, 2, 3, 4, 5, 6]
    assert set(log.csr.values) == {3.0}  # two of each pair, 1.5 each
    assert min(log.timestamps) == 1767218400 + 13 * 86400  # the last of each pair counts
    assert any("1 row without a user" in note for note in log.notes)


def test_addresses_of_visitors_are_texts(address) -> None:
    assert list(read(address, "ip AS user_id, product").users) == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("column", "found", "remedy"),
    [
        ("facts", "dict values", "->>"),
        ("raw", "bytes values", "encode"),
        ("INTERVAL '1 s'", "timedelta values", "epoch"),
        ("ARRAY[ARRAY[id, id], ARRAY[id, id]]", "list values", "unnest"),
    ],
)
def test_a_type_that_is_no_id_is_an_error_with_the_remedy(address, column, found, remedy) -> None:
    query = f"SELECT id AS user_id, {column} AS item FROM products"
    with pytest.raises(DataError, match=f"column 'item' of the query holds {found}") as caught:
        penchant.read_interactions(address, query=query)
    assert remedy in str(caught.value)


def test_a_list_is_no_id(address) -> None:
    with pytest.raises(DataError, match="'item' of the query of postgres holds VARCHAR"):
        penchant.read_interactions(
            address, query="SELECT id AS user_id, categories AS item FROM products"
        )


def test_lists_of_texts_are_tags_and_features(address) -> None:
    query = "SELECT id, title, image_url, categories FROM products ORDER BY id"
    catalog = penchant.read_catalog(address, query=query)
    assert catalog.name(2) == "Größe 2"
    assert catalog.picture(3) == "https://img.example/3"
    assert catalog.tags[0] == ()
    assert catalog.tags[1] == ("shoes", "red, light")
    features = penchant.read_features(
        address, item="id", query="SELECT id, categories FROM products"
    )
    assert {"categories=shoes", "categories=red, light"} <= set(features.names)


def test_events_of_types_are_read_from_a_query(address) -> None:
    query = "SELECT who AS user_id, product AS item, kind, at FROM events"
    events = penchant.read_events(address, event="kind", timestamp="at", query=query)
    assert events.counts() == {"buy": 8, "view": 16}
    weighted = events.weighted({"buy": 5, "view": 1})
    assert weighted.csr.values.sum() == 8 * 5 + 16
    assert events.name == "postgres"


def test_the_role_is_no_user(address) -> None:
    with pytest.raises(DataError, match=r"column 'user' .* is the role .* in double quotes"):
        read(address, "user, product")
    assert read(address, '"user", product').n_users == 4
    assert read(address, "who AS user, product").n_users == 4
    # a column that is not read does no harm
    assert read(address, "current_user, who, product", user="who", item="product").n_users == 4


def test_what_the_database_suggests_is_told(address) -> None:
    with pytest.raises(DataError, match=r'column "prodct" does not exist: Perhaps .*product"$'):
        read(address, "who, prodct")


def test_times_beyond_those_of_python(address) -> None:
    with pytest.raises(DataError, match=r"NULLIF\(column, 'infinity'\)"):
        read(address, "who AS user_id, product AS item, 'infinity'::timestamptz AS time")
    nulls = "NULLIF('infinity'::timestamptz, 'infinity') AS time"
    assert read(address, f"who AS user_id, product AS item, {nulls}").n_users == 4


def test_several_statements_are_refused(address) -> None:
    with pytest.raises(DataError, match="multiple commands"):
        penchant.read_interactions(
            address, query="SELECT who, product FROM events; COMMIT; DROP TABLE events"
        )
    assert read(address, "who, product").nnz == 12


def test_notes_name_the_database_without_its_host_and_role(address) -> None:
    log = read(address, "who, product")
    notes = "\n".join((*log.notes, log.summary()))
    assert "the query of postgres:" in notes
    assert "penchant@" not in notes
    with pytest.raises(ColumnError, match="the query of postgres"):
        read(address, "who AS a, product AS b, n AS c, ip AS d")


def test_an_option_that_the_library_lacks(address) -> None:
    with pytest.raises(DataError, match=r'connection option "ssl".*sslmode=require'):
        penchant.read_interactions(f"{address}&ssl=true", query="SELECT 1 AS u, 2 AS i")


# --- addresses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3@cret@host/shop",
        "postgresql://me:s3@cret/x@host:5432/shop",
        "postgresql://me:s3@cret?@host/shop",
        "postgresql://me:s3@cret?x@host/shop?sslmode=require",
    ],
)
def test_a_password_with_an_at_sign_is_refused_and_not_shown(address) -> None:
    with pytest.raises(SettingsError, match="%40") as caught:
        penchant.read_interactions(address, query="SELECT 1")
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("postgresql://me:s3%40cr%25et@host/shop", "s3@cr%et"),
        ("postgresql://me:s/3:c#r?et@host/shop", "s/3:c#r?et"),
        ("postgresql://me:secret@host/shop?application_name=a@b", "secret"),
        ("postgresql://me@host/shop?user=x@y", None),
        ("POSTGRES://me@host/shop", None),
        ("postgresql+asyncpg://me:x@host/shop", "x"),
    ],
)
def test_passwords_of_addresses(address, password) -> None:
    assert database.is_address(address)
    url = database.parsed(address)
    assert (url.password, url.host, url.database) == (password, "host", "shop")
    assert url.drivername == "postgresql+psycopg"
    assert database.shown(url) == f"postgresql://me{':***' if password else ''}@host/shop"


def test_a_file_of_sqlite_may_have_at_signs() -> None:
    assert database.parsed("sqlite:///a@b@c.db").database == "a@b@c.db"


def test_options_of_an_address_come_first() -> None:
    url = database.parsed("postgresql://me@host/shop?connect_timeout=3")
    engine = database.engine_of(url)
    arguments, options = engine.dialect.create_connect_args(url)
    assert (arguments, options["connect_timeout"]) == ([], "3")
    given = {}

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect, record, args, named):
        given.update(named)
        raise StopIteration

    with pytest.raises(StopIteration):
        engine.connect()
    assert given["connect_timeout"] == "3"
    assert given["tcp_user_timeout"] > 0
