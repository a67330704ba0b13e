"""Replacement of the model in use while requests are answered."""

from __future__ import annotations

import shutil
import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.serving.conftest import small_data

from penchant.errors import ArtifactError
from penchant.models import load
from penchant.models.als.model import ALS
from penchant.models.als.state import State
from penchant.serving import learned
from penchant.serving.app import create_app
from penchant.serving.learned import NOTHING, Learned, learned_by
from penchant.serving.process import reload as holding
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.base import Override
from penchant.serving.store.opening import open_store

V1 = "/api/v1"


@pytest.fixture
def files(files, tmp_path) -> Artifacts:
    """Return model files that a test may replace."""
    copies = [shutil.copy(path, tmp_path / path.name) for path in files if path is not None]
    return Artifacts(*map(Path, copies))


@pytest.fixture
def opened(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'app.db'}") as store:
        yield store


@pytest.fixture
def reloader(files, opened) -> ModelReloader:
    activate(opened, files.likes)
    return ModelReloader.open(files, opened)


def another(path: Path, seed: int = 1) -> Path:
    return ALS(factors=6, iterations=2, seed=seed).fit(small_data()).save(path)


def test_a_changed_file_is_reloaded(reloader, files):
    before = reloader.service
    reloader.poll()
    assert reloader.service is before
    another(files.likes)
    reloader.poll()
    assert reloader.service is not before
    assert reloader.service.likes.settings["factors"] == 6
    assert before.recommend(before.likes.users[0])  # requests in progress still use it


def test_an_activated_model_is_loaded(reloader, opened, tmp_path):
    path = another(tmp_path / "new.penchant")
    learned.save(load(path), path, opened.tombstones().store, Learned(3, 1))
    opened.activate(str(path))
    reloader.poll()
    assert reloader.service.likes.settings["factors"] == 6
    assert reloader.service.learned == Learned(3, 1)


def test_what_a_model_learned_is_in_its_file(opened, tmp_path):
    """A file that is copied, rolled back or replaced brings its own number with it."""
    path = another(tmp_path / "new.penchant")
    old = shutil.copy(path, tmp_path / "old.penchant")
    assert learned_by(opened, path) == NOTHING
    learned.save(load(path), path, opened.tombstones().store, Learned(3, 1))
    opened.activate(str(path), learned=3)
    assert learned_by(opened, path) == Learned(3, 1)
    assert learned_by(opened, shutil.copy(path, tmp_path / "copy.penchant")) == Learned(3, 1)
    shutil.copy2(old, path)  # keeps the time of modification, which is before the activation
    assert learned_by(opened, path) == NOTHING
    assert learned_by(opened, tmp_path / "none.penchant") == NOTHING


def test_a_record_for_another_store_does_not_count(opened, tmp_path):
    path = another(tmp_path / "new.penchant")
    with open_store(f"sqlite:///{tmp_path / 'other.db'}") as other:
        learned.save(load(path), path, other.tombstones().store, Learned(3, 1))
        assert learned_by(other, path) == Learned(3, 1)
    assert learned_by(opened, path) == NOTHING


@pytest.mark.parametrize(
    "origin", [None, 5, {}, {"store": 5}, {"store": {"name": "s"}}, {"store": {"event": -1}}]
)
def test_a_damaged_record_counts_as_none(origin):
    if isinstance(origin, dict) and isinstance(origin.get("store"), dict):
        origin = {"store": {"name": "s", "deletion": 1, **origin["store"]}}
    assert learned.learned_from({"info": {"origin": origin}}, "s") == NOTHING


@pytest.mark.parametrize("what", ["rubbish", "truncated", "gone", "not finite"])
def test_a_file_that_fails_its_check_is_not_used(reloader, files, opened, tmp_path, what):
    before = reloader.service
    path = another(tmp_path / "new.penchant")
    if what == "not finite":
        broken = ALS(factors=6, iterations=1).fit(small_data())
        users, items = broken._state
        broken._state = State(replace(users, source=np.full_like(users.factors, np.nan)), items)
        broken.save(path)
    else:
        content = b"rubbish" * 100 if what == "rubbish" else path.read_bytes()[:-100]
        path.write_bytes(content)
    if what == "gone":
        path.unlink()
    opened.activate(str(path))
    with pytest.raises(ArtifactError):
        reloader.poll()
    assert reloader.service is before
    reloader.poll()  # a failed file is retried only after a change
    another(path)
    reloader.poll()
    assert reloader.service.likes.settings["factors"] == 6


def test_overrides_are_applied(reloader, opened):
    models = reloader.service.models
    opened.set_override("i0000", Override(name="Another"))
    reloader.poll()
    assert reloader.service.item("i0000").name == "Another"
    assert reloader.service.models == models


def test_no_request_fails_during_twenty_reloads(reloader, opened, files):
    app = create_app(reloader, opened, ServeSettings(likes=str(files.likes), watch=0))
    with TestClient(app, base_url="http://localhost") as client:
        answers: list[tuple[int, str]] = []
        finished = threading.Event()

        def answer() -> tuple[int, str]:
            response = client.get(f"{V1}/recommend?user=u0001")
            return response.status_code, response.text

        def ask() -> None:
            while not finished.is_set():
                answers.append(answer())

        whole = {answer()}  # the answer of each model
        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        for seed in range(20):
            another(files.likes, seed)
            assert client.post(f"{V1}/admin/reload").status_code == 200
            whole.add(answer())
        finished.set()
        for thread in asking:
            thread.join()
        assert len(answers) > 20
        assert {status for status, _ in answers} == {200}
        assert set(answers) <= whole
        assert "penchant_reloads_total 20" in client.get("/metrics").text
        rubbish = files.likes.with_suffix(".draft")
        rubbish.write_bytes(b"rubbish")
        rubbish.replace(files.likes)  # mapped files must not be overwritten
        failed = client.post(f"{V1}/admin/reload")
        assert failed.status_code == 409
        assert failed.json()["error"]["kind"] == "CorruptArtifactError"
        assert client.get(f"{V1}/recommend?user=u0001").status_code == 200
        assert "penchant_reload_failures_total 1" in client.get("/metrics").text


# --- requests do not wait ---------------------------------------------------------------


def test_indexes_are_built_before_a_model_is_used(reloader, files, monkeypatch):
    before, prepared = reloader.service, []

    def prepare(self: ALS) -> None:
        prepared.append((self.settings["factors"], reloader.service is before))

    monkeypatch.setattr(ALS, "prepare", prepare)
    names = before.index_names()
    another(files.likes)
    reloader.reload()
    assert prepared == [(6, True)]
    assert reloader.service._names is not None
    assert reloader.service.names._holders is names._holders  # the catalog is the same


def test_a_failure_to_build_indexes_stops_no_reload(reloader, files, monkeypatch, caplog):
    def broken(_: object) -> None:
        raise RuntimeError("no index today")

    monkeypatch.setattr(ALS, "prepare", broken)
    another(files.likes)
    reloader.reload()
    assert reloader.service.likes.settings["factors"] == 6
    assert "no index today" in caplog.text


class Slow:
    """Open files, each when the test allows it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.at_once, self.most = 0, 0, 0
        self.entered, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self._open = holding._open_checked
        monkeypatch.setattr(holding, "_open_checked", self)

    def __call__(self, *arguments: Any) -> Any:
        self.begun += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.entered.release()
        assert self.go.acquire(timeout=30)
        try:
            return self._open(*arguments)
        finally:
            self.at_once -= 1


class RecordingLock:
    """A lock that counts the threads that wait for it."""

    def __init__(self, lock: AbstractContextManager[bool]) -> None:
        self._lock, self.came = lock, threading.Semaphore(0)

    def __enter__(self) -> bool:
        self.came.release()
        return self._lock.__enter__()

    def __exit__(self, *arguments: Any) -> None:
        self._lock.__exit__(*arguments)


@pytest.mark.parametrize("is_valid", [True, False])
def test_requests_during_a_reload_share_the_next(reloader, files, monkeypatch, is_valid):
    another(files.likes)
    if not is_valid:
        files.likes.write_bytes(b"rubbish")
    slow, lock, failures = Slow(monkeypatch), RecordingLock(reloader._reload_lock), []
    reloader._reload_lock = lock

    def ask() -> None:
        try:
            reloader.reload()
        except ArtifactError as error:
            failures.append(error)

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    asking[0].start()
    assert slow.entered.acquire(timeout=30)
    for thread in asking[1:]:
        thread.start()
    for _ in asking:
        assert lock.came.acquire(timeout=30)
    slow.go.release()
    slow.go.release()
    for thread in asking:
        thread.join(30)
    assert not any(thread.is_alive() for thread in asking)
    assert (slow.begun, slow.most) == (2, 1)
    assert len(failures) == (0 if is_valid else 4)
    slow.go.release()
    if is_valid:
        reloader.reload()  # it does not share a finished reload
        assert slow.begun == 3
