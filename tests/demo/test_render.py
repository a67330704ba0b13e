"""Drawn pictures: what must be seen in them, without fixing their last bits."""

from __future__ import annotations

import base64
import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from penchant.demo import render
from penchant.demo.solids import FORMS, STANCES

RED = (0.8, 0.16, 0.2)


def body(pixels: np.ndarray, form: str, stance: int = 0) -> np.ndarray:
    """The pixels that lie wholly on the form."""
    return pixels[
        render.trace(form, stance).hit[::2, ::2] & render.trace(form, stance).hit[1::2, 1::2]
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_holds_a_whole_thing_of_its_color_on_a_light_ground(form: str) -> None:
    for stance in range(len(STANCES)):
        pixels = render.draw(form, stance, "matte", RED)
        assert pixels.shape == (render.SIZE, render.SIZE, 3)
        hit = render.trace(form, stance).hit
        assert 0.05 < hit.mean() < 0.5
        edges = [hit[0], hit[-1], hit[:, 0], hit[:, -1]]
        assert not np.concatenate(edges).any(), f"{form} {STANCES[stance].word} is cut off"
        red, green, blue = body(pixels, form, stance).mean(axis=0)
        assert red > 2 * green
        assert red > 2 * blue
        assert (pixels[0, 0] > 230).all()


def test_the_lamp_is_at_the_upper_left_and_the_shadow_at_the_lower_right() -> None:
    pixels = render.draw("ball", 0, "matte", RED).astype(int).sum(axis=2)
    hit = render.trace("ball", 0).hit[::2, ::2]
    rows, columns = np.nonzero(hit)
    up, left = rows < np.median(rows), columns < np.median(columns)
    assert pixels[hit][up & left].mean() > 1.2 * pixels[hit][~up & ~left].mean()
    shaded = np.nonzero(~hit & (pixels < 600))
    assert shaded[1].mean() > 0.6 * render.SIZE
    assert shaded[0].mean() > 0.5 * render.SIZE


@pytest.mark.parametrize("form", ["ball", "cube", "star"])
def test_finishes_can_be_told_apart(form: str) -> None:
    drawn = {f: body(render.draw(form, 0, f, RED), form).astype(float) for f in render.FINISHES}
    for one, other in combinations(render.FINISHES, 2):
        assert np.abs(drawn[one] - drawn[other]).mean() > 5, (one, other)


def test_forms_can_be_told_apart() -> None:
    for one, other in combinations(FORMS, 2):
        first, second = render.trace(one, 0).hit, render.trace(other, 0).hit
        assert (first & second).sum() / (first | second).sum() < 0.93, (one, other)


def test_the_same_picture_twice() -> None:
    first = render.draw("cog", 4, "glass", RED)
    render.trace.cache_clear()
    assert np.array_equal(first, render.draw("cog", 4, "glass", RED))


def test_an_address_holds_the_pixels() -> None:
    pixels = render.draw("heart", 1, "dotted", RED)
    head, _, data = render.to_address(pixels).partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert np.array_equal(np.asarray(image), pixels)
