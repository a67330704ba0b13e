"""Fast start: imports only what is needed, and builds indexes before requests need them."""

from __future__ import annotations

import subprocess
import sys
import time

from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from penchant.serving.pages import charts

OPENED = """
import sys
from penchant.serving.process import run
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.loader import Artifacts
from penchant.serving.store.opening import open_store
from pathlib import Path
path = Path(sys.argv[1])
with open_store("sqlite://") as store:
    activate(store, path)
    ModelReloader.open(Artifacts(path), store)
print(*(name for name in ("fastapi", "scipy.linalg", "matplotlib") if name in sys.modules))
"""
APPLICATION = """
import sys, penchant.serving.app
names = ("penchant.report", "scipy", "duckdb", "PIL.Image")
print(*(name for name in names if name in sys.modules))
"""


def imported(program: str, *words: str) -> str:
    process = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    return process.stdout.strip()


def test_the_parent_process_imports_no_web_framework_and_no_scipy(files):
    assert imported(OPENED, str(files.likes)) == ""


def test_the_application_does_not_import_reports():
    assert imported(APPLICATION) == ""


def test_routes_are_created_once_without_validators_of_errors(app):
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert {"/", "/metrics", "/api/v1/ready"} < {route.path for route in routes}
    assert not any(route.response_fields for route in routes)


def test_names_and_map_are_built_in_advance(app):
    service = app.state.penchant.reloader.service
    with TestClient(app, base_url="http://localhost"):
        until = time.monotonic() + 30
        while service not in charts._maps and time.monotonic() < until:
            time.sleep(0.02)
    assert service in charts._maps
    assert service._names is not None


def test_a_failure_to_build_indexes_stops_no_server(app, monkeypatch, caplog):
    def broken(_: object) -> None:
        raise RuntimeError("no map today")

    monkeypatch.setattr("penchant.serving.pages.prepare", broken)
    with TestClient(app, base_url="http://localhost") as client:
        until = time.monotonic() + 30
        while "no map today" not in caplog.text and time.monotonic() < until:
            time.sleep(0.02)
        assert client.get("/api/v1/health").status_code == 200
    assert "no map today" in caplog.text
