from __future__ import annotations

import numpy as np
import pytest

from penchant.serving.catalog.item_map import layout


def groups(n: int, of: int = 5, factors: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    group = np.arange(n) % of
    centers = rng.normal(size=(of, factors))
    vectors = centers[group] + 0.15 * rng.normal(size=(n, factors))
    return vectors.astype(np.float32) * rng.uniform(0.5, 3, (n, 1)).astype(np.float32), group


@pytest.mark.parametrize("n", [60, 900])
def test_similar_items_are_close(n: int) -> None:
    vectors, group = groups(n)
    places = layout(vectors)
    assert places.shape == (n, 2)
    assert np.abs(places).max() <= 1
    apart = np.square(places[:, None] - places).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (group[apart.argmin(axis=1)] == group).mean() > 0.97


def test_the_layout_is_deterministic() -> None:
    vectors, _ = groups(500)
    assert np.array_equal(layout(vectors), layout(vectors.copy()))


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((0, 4)), np.ones((1, 4)), np.ones((50, 4)), np.zeros((50, 4)), np.ones((9, 1)),
     np.eye(3), np.random.default_rng(0).normal(size=(700, 1))],
)  # fmt: skip
def test_degenerate_vectors_have_coordinates(vectors: np.ndarray) -> None:
    places = layout(vectors)
    assert places.shape == (len(vectors), 2)
    assert np.isfinite(places).all()
