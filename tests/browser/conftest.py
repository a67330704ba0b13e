"""A server with the demo's models, Chromium, and axe-core for accessibility checks."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import penchant
from penchant.models.als.model import ALS
from penchant.models.neighbors import ItemNeighbors
from penchant.serving.app import create_app
from penchant.serving.process.loader import Artifacts
from penchant.serving.process.reload import ModelReloader, activate
from penchant.serving.process.settings import ServeSettings
from penchant.serving.store.opening import open_store

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(os.environ.get("PENCHANT_SCREENSHOTS") or ROOT / "build" / "screenshots")
AXE = "4.14.1"
AXE_SHA512 = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Return three models: ALS, and neighbors as the hybrid and the visual model."""
    folder = tmp_path_factory.mktemp("models")
    data = penchant.datasets.shapes(n_items=240, n_users=700)
    als = ALS(factors=16, iterations=8, alpha=30.0, regularization=0.05)
    likes = als.fit(data, track_loss=True)
    figures = {"ndcg@10": {"mean": 0.2439, "interval": [0.2376, 0.2509]}, "auc": 0.9186}
    others = [ItemNeighbors(similarity=kind).fit(data) for kind in ("cosine", "tfidf")]
    return Artifacts(
        likes.save(folder / "likes.penchant", metrics=figures),
        others[0].save(folder / "hybrid.penchant"),
        others[1].save(folder / "visual.penchant"),
    )


@pytest.fixture(scope="session")
def address(files: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the server."""
    uvicorn = pytest.importorskip("uvicorn")
    database = tmp_path_factory.mktemp("store") / "store.db"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        open_store(f"sqlite:///{database}") as store,
    ):
        port = listener.getsockname()[1]
        activate(store, files.likes)
        settings = ServeSettings(likes=str(files.likes), port=port, watch=0)
        app = create_app(ModelReloader.open(files, store), store, settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return Chromium; skip the tests that need it if it is missing.

    Of this module only: while it is open, playwright has an event loop running in this thread.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=path, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page as a new visitor; console errors fail the test."""
    contexts, faults = [], []

    def opened(path: str = "/", **options: Any) -> Any:
        defaults = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = browser.new_context(base_url=address, **(defaults | options))
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda entry: faults.append(entry.text) if entry.type in ("error", "warning") else None,
        )
        page.goto(path)
        return page

    opened.expected = []  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert [entry for entry in faults if not any(word in entry for word in opened.expected)] == []


@pytest.fixture(scope="session")
def keep() -> Callable[..., None]:
    """Return a function that saves a screenshot in build/screenshots."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def kept(page: Any, name: str, *, whole: bool = True) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)

    return kept


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, fetched once by npm and verified."""
    folder = ROOT / "build" / "axe"
    packed = folder / f"axe-core-{AXE}.tgz"
    if not packed.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("there is no npm here to fetch axe-core with")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", f"axe-core@{AXE}"]
        process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if process.returncode:
            pytest.skip(f"npm can't fetch axe-core: {process.stderr[-200:]}")
    digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    assert digest == AXE_SHA512, "axe-core is not what it was"
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


@pytest.fixture
def judge(axe: str) -> Callable[[Any], list[str]]:
    """Return a function that lists the serious and critical findings of axe-core."""

    def findings(page: Any) -> list[str]:
        page.evaluate(axe)
        violations = page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{entry['id']}: {entry['help']}: {[node['html'][:160] for node in entry['nodes'][:3]]}"
            for entry in violations
            if entry["impact"] in ("serious", "critical")
        ]

    return findings
