"""A picture that does not load leaves the placeholder, without a script: notebooks, reports."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.browser.conftest import browser as browser

from penchant.rendering.cards import Card, cards, fragment

DEAD = ["http://127.0.0.1:9/dead.jpg", "data:image/png;base64,AAAA"]


def tile(browser: Any, picture: str, page_head: str = "<!doctype html>") -> Any:
    """The pixels of the tile of a card, as a browser shows it."""
    page = browser.new_page(viewport={"width": 300, "height": 200})
    page.route("http://pictures.test/*", lambda route: route.fulfill(path=route.request.url[-9:]))
    page.set_content(page_head + str(fragment(cards([Card("Alpha", picture=picture)]))))
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.wait_for_timeout(200)
    content = page.locator(".thumbnail").screenshot()
    page.close()
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("picture", DEAD)
def test_a_dead_picture_looks_like_none(browser: Any, picture: str) -> None:
    assert np.array_equal(tile(browser, picture), tile(browser, ""))


def test_a_picture_that_loads_covers_the_placeholder(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (60, 30), (0, 0, 255)).save(tmp_path / "blue0.png")
    monkeypatch.chdir(tmp_path)
    pixels = tile(browser, "http://pictures.test/blue0.png")
    middle = pixels[8:-8, 8:-8].reshape(-1, 3)
    assert (middle == (0, 0, 255)).all()


def test_only_pictures_that_are_fetched_have_a_placeholder_below(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert "<svg" not in cards([Card("Alpha", picture=str(tmp_path / "a.png"))])
    for picture in DEAD:
        markup = cards([Card("Alpha", picture=f" {picture} ")])
        assert markup.index("</svg>") < markup.index("<img")
        assert 'alt=""' in markup
    drawn = cards([Card("Alpha", picture=str(tmp_path / "b.png")), Card("Beta")])
    assert (drawn.count("<svg"), drawn.count("<img")) == (2, 0)
