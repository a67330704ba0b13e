"""A database that is deleted or replaced under a running server; a model that is rolled back."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from tests.serving.conftest import small_data
from tests.smoke.servers import Server, penchant, serving

from penchant.models.als.model import ALS

V1 = "/api/v1"
EVENT = {"person": "p", "item": "i0001"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return ALS(factors=6, iterations=2).fit(small_data()).save(tmp_path / "likes.penchant")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def ready(server: Server) -> int:
    return server.ask(f"{V1}/ready").status


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("what", ["deleted", "replaced", "log deleted"])
def test_a_lost_database_stores_nothing(what: str, workers: int, model: Path, db: Path) -> None:
    with serving(model, f"sqlite:///{db}", "--workers", workers) as server:
        assert server.ask(f"{V1}/events", "POST", EVENT).status == 200
        assert ready(server) == 200
        lost = db.with_name("store.db-wal") if what == "log deleted" else db
        kept = lost.rename(lost.with_name("kept"))
        if what == "replaced":
            with sqlite3.connect(lost) as con:
                con.execute("CREATE TABLE other (n INT)")
        for _ in range(4):
            assert server.ask(f"{V1}/events", "POST", EVENT).status == 503
            assert ready(server) == 503
            assert server.ask("/shelf?id=i0001", "POST").status in (422, 503)
        assert server.ask(f"{V1}/recommend?user=u0001").status == 200
        if what == "deleted":
            kept.rename(lost)
            assert server.ask(f"{V1}/events", "POST", EVENT).status == 200
            assert ready(server) == 200
        _, err = server.stop()
    assert "Traceback" not in err
    assert "while it was in use" in err  # says what happened to the file


def n_recommended(server: Server) -> int:
    """Return how many items user u0001 does not have."""
    return len(server.ask(f"{V1}/recommend?user=u0001&k=40").json["items"])


def test_a_rolled_back_model_forgets_no_likes(model: Path, db: Path, tmp_path: Path) -> None:
    url, data = f"sqlite:///{db}", small_data()
    backup = shutil.copy2(model, tmp_path / "backup.penchant")
    with serving(model, url) as server:
        before = n_recommended(server)
        for item in [item for item in data.items if item not in data.history("u0001")][:3]:
            event = {"person": "u0001", "item": item}
            assert server.ask(f"{V1}/events", "POST", event).status == 200
        assert n_recommended(server) == before - 3
        server.ask(f"{V1}/events", "POST", {"person": "new", "item": "i0001"})
        penchant("update", model, "--db", url, "-o", model)
        deadline = time.monotonic() + 20
        while server.ask(f"{V1}/models").json["models"][0]["users"] != 61:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        shutil.copy2(backup, tmp_path / "draft")  # with the old time of modification
        (tmp_path / "draft").rename(model)
        while server.ask(f"{V1}/models").json["models"][0]["users"] != 60:
            assert time.monotonic() < deadline + 20
            time.sleep(0.1)
        assert n_recommended(server) == before - 3
