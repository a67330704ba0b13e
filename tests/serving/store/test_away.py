"""A database that does not answer, is locked, or that its role may not write to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from penchant.data.io import database
from penchant.errors import StoreError
from penchant.serving.store.base import Event
from penchant.serving.store.database import DatabaseStore
from penchant.serving.store.opening import open_store

V1 = "/api/v1"


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection of another program."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as con:
            yield con
    finally:
        engine.dispose()


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let reading of people's events wait until the fixture is set, or some seconds."""
    release = threading.Event()
    timer = threading.Timer(20, release.set)
    timer.start()
    read: Callable[..., object] = DatabaseStore.changes

    def waiting(self: DatabaseStore, *arguments: object, **named: object) -> object:
        release.wait()
        return read(self, *arguments, **named)

    monkeypatch.setattr(DatabaseStore, "is_remote", property(lambda _: True))
    monkeypatch.setattr(DatabaseStore, "changes", waiting)
    yield release
    timer.cancel()
    release.set()


def test_requests_that_need_no_database_are_answered_while_it_stalls(client, service, stalled):
    answers: list[int] = []

    def visit() -> None:
        answers.append(client.get(f"{V1}/recommend", params={"user": "visitor"}).status_code)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for thread in visitors:
        thread.start()
    known = {"user": service.likes.users[0]}
    for path, params in (("health", {}), ("popular", {}), ("recommend", known)):
        assert client.get(f"{V1}/{path}", params=params).status_code == 200
    assert (answers, stalled.is_set()) == ([], False)
    stalled.set()
    for thread in visitors:
        thread.join()
    assert answers == [404] * 3


def test_people_of_a_store_beyond_a_network(client, monkeypatch):
    """What is stored counts at once, as in a file."""
    monkeypatch.setattr(DatabaseStore, "is_remote", property(lambda _: True))
    person = {"user": "visitor"}
    assert client.get(f"{V1}/recommend", params=person).status_code == 404
    client.post(f"{V1}/events", json={"person": "visitor", "item": "i0003"})
    first = client.get(f"{V1}/recommend", params=person).json()["items"]
    assert first
    assert client.post(f"{V1}/recommend", json={"history": ["i0003"]}).json()["items"] == first
    client.post(f"{V1}/events", json={"person": "visitor", "item": "i0003", "kind": "unlike"})
    popular = client.get(f"{V1}/popular").json()["items"]
    assert client.get(f"{V1}/recommend", params=person).json()["items"] == popular


def test_where_stores_are(tmp_path, postgres_server):
    with open_store(f"sqlite:///{tmp_path / 's.db'}") as store:
        assert not store.is_remote
    with open_store(postgres_server.url()) as store:
        assert store.is_remote


def test_a_lock_is_waited_for_no_longer_than_patience(postgres_server, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 1)
    url = postgres_server.url()
    with open_store(url) as store, connected(url) as other:
        other.exec_driver_sql("SELECT * FROM penchant_store FOR UPDATE")
        with pytest.raises(StoreError, match=r"lock timeout.*another session has kept it locked"):
            store.add([Event("ann", "mug")])
        other.rollback()
        assert store.add([Event("ann", "mug")]) == [True]


def test_a_role_without_a_schema_of_its_own(postgres_server):
    url = postgres_server.url()
    with connected(url) as con:
        con.exec_driver_sql("CREATE ROLE without_schema LOGIN")
        schema = url.rpartition("%3D")[2]
        con.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO without_schema")
    remedy = r"CREATE SCHEMA penchant AUTHORIZATION .*search_path%3Dpenchant"
    with pytest.raises(StoreError, match=f"permission denied for schema.*{remedy}"):
        open_store(url.replace("penchant@", "without_schema@"))
    with pytest.raises(StoreError, match=f"no schema has been selected.*{remedy}"):
        open_store(f"{url}_none")
    with connected(url) as con:
        con.exec_driver_sql("CREATE SCHEMA own AUTHORIZATION without_schema")
    own = url.replace("penchant@", "without_schema@").rpartition("%3D")[0] + "%3Down"
    with open_store(own) as store:
        assert store.add([Event("ann", "mug")]) == [True]
    with connected(url) as con:
        rows = con.exec_driver_sql("SELECT schemaname FROM pg_tables WHERE tablename = %s",
                                   ("penchant_events",)).all()  # fmt: skip
    assert ("own",) in rows
