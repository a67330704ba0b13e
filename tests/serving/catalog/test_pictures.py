"""The server's cache of pictures from the web."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from penchant.errors import DataError, SettingsError
from penchant.serving.app import create_app
from penchant.serving.catalog.pictures import MAX_AGE, SIZE, Pictures
from penchant.serving.process.reload import ModelReloader
from penchant.serving.process.settings import ServeSettings
from penchant.serving.service import Service
from penchant.serving.store.opening import open_store

URL = "https://pictures.example/1.png"


def png(width: int = 900, height: int = 600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


class Web:
    """A fetcher with fixed answers; None raises DataError."""

    def __init__(self, *answers: bytes | None, pause: float = 0.0) -> None:
        self.requested: list[str] = []
        self._answers, self._pause = answers, pause

    def get(self, url: str) -> bytes:
        self.requested.append(url)
        time.sleep(self._pause)
        answer = self._answers[min(len(self.requested), len(self._answers)) - 1]
        if answer is None:
            raise DataError("it can't be had")
        return answer


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[Web], Pictures]:
    return lambda web: Pictures(tmp_path / "pictures", web)


def get(made: Pictures, *urls: str) -> list[bytes | None]:
    async def all_of_them() -> list[bytes | None]:
        return await asyncio.gather(*map(made.get, urls))

    return asyncio.run(all_of_them())


def test_pictures_are_shrunk_and_fetched_once(pictures) -> None:
    web = Web(png(), pause=0.05)
    first = get(pictures(web), URL, URL)
    with Image.open(io.BytesIO(first[0])) as image:
        assert (image.format, image.size) == ("WEBP", (SIZE, SIZE * 2 // 3))
    assert first[0] == first[1]
    assert get(pictures(Web(None)), URL) == first[:1]  # as another process, or after a restart
    assert web.requested == [URL]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<script>", png()[:100]],
)
def test_failed_pictures_are_not_retried_immediately(pictures, tmp_path, content) -> None:
    web = Web(content)
    made = pictures(web)
    assert get(made, URL) == get(made, URL) == [None]
    assert len(web.requested) == 1
    assert list((tmp_path / "pictures").iterdir()) == []


def test_stale_pictures_are_served_until_refreshed(pictures, tmp_path) -> None:
    old = get(pictures(Web(png())), URL)
    [path] = (tmp_path / "pictures").iterdir()
    os.utime(path, (time.time() - MAX_AGE - 1,) * 2)
    assert get(pictures(Web(None)), URL) == old
    new = get(pictures(Web(png(50, 50))), URL)
    assert new != old
    assert get(pictures(Web(None)), URL) == new


def test_the_number_of_fetches_is_limited(pictures) -> None:
    web = Web(png(20, 20), pause=0.01)
    image = get(pictures(web), *(f"{URL}?{n}" for n in range(100)))
    assert sum(picture is not None for picture in image) == len(web.requested) == 68


def test_a_folder_that_can_not_be_created(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="pictures can't be stored in"):
        Pictures(tmp_path / "file" / "folder")


def test_pages_show_cached_pictures(service: Service, tmp_path: Path) -> None:
    settings = ServeSettings(likes="m.penchant", watch=0, picture_cache=str(tmp_path / "pictures"))
    with open_store("sqlite://") as store:
        app = create_app(ModelReloader(service), store, settings)
        web = app.state.penchant.pictures._fetcher = Web(png(), None)
        with TestClient(app, base_url="http://localhost") as browser:
            page = browser.get("/item?id=i0003")
            assert "/picture?id=i0003" in page.text
            assert "pictures.example" not in page.text
            assert "img-src 'self' data:;" in page.headers["content-security-policy"]
            image = browser.get("/picture?id=i0003")
            assert (image.status_code, image.headers["content-type"]) == (200, "image/webp")
            drawn = browser.get("/picture?id=i0004")
            assert drawn.headers["content-type"] == "image/svg+xml"
            assert drawn.headers["cache-control"] == "private, max-age=30"
            assert browser.get("/picture?id=https://pictures.example/9.jpg").status_code == 404
    assert web.requested == [f"https://pictures.example/{n}.jpg" for n in (3, 4)]


def test_without_a_folder_nothing_is_fetched(client: TestClient) -> None:
    page = client.get("/item?id=i0003")
    assert "https://pictures.example/3.jpg" in page.text
    assert "img-src 'self' data: https: http:;" in page.headers["content-security-policy"]
    assert client.get("/picture?id=i0003").headers["content-type"] == "image/svg+xml"
