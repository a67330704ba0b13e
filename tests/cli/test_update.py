"""``penchant update``: from a store's events to a model, and ``penchant serve``'s refusals."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import run

from penchant.models import load
from penchant.serving.store.base import Event
from penchant.serving.store.opening import open_store


@pytest.fixture
def db(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url) as store:
        store.add([Event("new person", "i0001"), Event("new person", "new item")])
    return url


def test_update_writes_a_model_and_makes_it_active(model_file, db, tmp_path):
    new = tmp_path / "new.penchant"
    ran = run("update", model_file, "--db", db, "-o", new, "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["people"], ran.json["new_users"], ran.json["new_items"]) == (1, 1, 1)
    assert "new person" in load(new).users
    with open_store(db) as store:
        active = store.active()
        assert active is not None
        assert (active.path, active.learned) == (str(new.resolve()), store.last())
    again = run("update", new, "--db", db, "-o", tmp_path / "newer.penchant", "--json")
    assert again.json["people"] == 0


def test_update_may_leave_the_active_model(model_file, db, tmp_path):
    ran = run(
        "update", model_file, "--db", db, "-o", tmp_path / "x.penchant", "--no-activate", "--refit"
    )
    assert ran.code == 0, ran.err
    with open_store(db) as store:
        assert store.active() is None


def test_serve_refuses_at_once(model_file, db, tmp_path):
    beyond = run("serve", model_file, "--db", db, "--host", "0.0.0.0")
    assert beyond.code == 2
    assert "token" in beyond.err
    gone = run("serve", tmp_path / "no.penchant", "--db", db, "--port", "0")
    assert gone.code == 1
    assert "no model file" in gone.err
    broken = shutil.copy(model_file, tmp_path / "broken.penchant")
    broken.write_bytes(broken.read_bytes()[:-10])
    assert run("serve", broken, "--db", db, "--port", "0").code == 1
    with socket.create_server(("127.0.0.1", 0)) as busy:
        taken = run("serve", model_file, "--db", db, "--port", busy.getsockname()[1])
    assert taken.code == 2
    assert "can't listen" in taken.err


def test_a_mistyped_database_is_an_error_and_is_not_created(model_file, db, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    new = tmp_path / "new.penchant"
    (tmp_path / "empty.db").touch()
    for url in ("sqlite:///stoer.db", "sqlite:///no/folder.db", "sqlite:///empty.db", "sqlite://"):
        ran = run("update", model_file, "--db", url, "-o", new)
        assert ran.code == 1
        assert "--db" in ran.err
        assert not new.exists()
        assert not (tmp_path / "stoer.db").exists()
    assert (tmp_path / "empty.db").stat().st_size == 0
    assert "no database 'penchant.db'" in run("update", model_file, "-o", new).err
    assert {path.name for path in tmp_path.iterdir()} == {"store.db", "empty.db"}
