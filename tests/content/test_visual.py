from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from PIL import Image
from tests.content.drawn import square

from penchant.content.visual import LENGTH, histograms
from penchant.demo import shapes

RED, DARK_RED, BLUE = (200, 30, 30), (120, 15, 15), (30, 60, 200)


def alike(one: Image.Image, other: Image.Image) -> float:
    a, b = histograms(one), histograms(other)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_picture_has_a_finite_vector(gray: np.ndarray) -> None:
    vector = histograms(Image.fromarray(gray).convert("RGB"))
    assert vector.shape == (LENGTH,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4) or len(np.unique(gray)) < 3


def test_a_plain_picture_is_its_color_and_has_no_edges() -> None:
    plain = [Image.new("RGB", (30, 30), color) for color in (RED, DARK_RED, BLUE)]
    vector = histograms(plain[0])
    assert np.linalg.norm(vector) == pytest.approx(np.sqrt(0.5), abs=1e-5)
    assert alike(plain[0], plain[1]) > alike(plain[0], plain[2]) + 0.3


def test_color_counts_and_so_does_shape() -> None:
    ring = square(RED)
    ring.paste((246, 244, 240), (26, 26, 46, 46))
    assert alike(square(RED), square(DARK_RED)) > alike(square(RED), square(BLUE)) + 0.1
    assert alike(square(RED), square(RED)) > alike(square(RED), ring) + 0.05


def test_position_and_size_hardly_matter() -> None:
    assert alike(square(RED, at=10), square(RED, at=45)) > 0.97
    large = square(RED).resize((300, 300))
    assert alike(square(RED), large) > 0.95


def test_neighbors_on_the_shapes_share_color_and_form() -> None:
    world = shapes.make(300, 50)
    drawn = world.interactions.catalog.pictures
    vectors = np.stack([histograms(Image.fromarray(drawn.pixels(at))) for at in range(300)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    found = np.argsort(-near, axis=1)[:, :3]
    shared = (world.looks[found] == world.looks[:, None, :]).mean(axis=(0, 1))
    color, form, _ = shared.tolist()
    assert color > 0.5  # one in twelve at random
    assert form > 0.5
