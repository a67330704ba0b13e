"""A picture that can't be loaded leaves the drawn tile: no icon of a broken image over it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.browser.conftest import browser as browser
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.models.als.model import ALS
from penchant.serving.app import create_app
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.opening import open_store


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server whose catalog holds dead pictures only: no server, no file, no picture."""
    uvicorn = pytest.importorskip("uvicorn")
    data = random_interactions(60, 40, seed=5)
    dead = ["http://127.0.0.1:9/dead.jpg", "/no/such/picture.png", "data:image/png;base64,AAAA"]
    catalog = Catalog(data.items, pictures=[dead[n % 3] for n in range(40)])
    service = Service({"likes": ALS(factors=4, iterations=2).fit(data.with_catalog(catalog))})
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        open_store("sqlite://") as store,
    ):
        port = listener.getsockname()[1]
        settings = ServeSettings(likes="model.penchant", port=port, watch=0)
        app = create_app(ModelReloader(service), store, settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("path", ["/", "/item?id=i0001", "/search?q=i00", "/person?id=u0001"])
def test_dead_pictures_leave_the_tile(browser, address: str, path: str) -> None:
    page = browser.new_page(base_url=address)
    page.goto(path)
    tiles = page.locator(".thumbnail svg.placeholder")
    assert tiles.count() > 0
    for tile in tiles.all():
        tile.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    assert page.evaluate(_DEAD) == []
    page.close()


def test_a_picture_that_loads_stays(browser, address: str) -> None:
    page = browser.new_page(base_url=address)
    page.route("**/*.jpg", lambda route: route.fulfill(body=_PNG, content_type="image/png"))
    page.route("**/picture?*", lambda route: route.fulfill(body=_PNG, content_type="image/png"))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".thumbnail img").count() > 0
    page.close()


_DEAD = """[...document.querySelectorAll(".thumbnail img")]
    .filter((img) => img.complete && img.currentSrc && !img.naturalWidth).map((img) => img.src)"""
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
