"""The made-up catalog: the same every time, with tastes that can be found again."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from penchant.demo import shapes
from penchant.errors import SettingsError


@pytest.fixture(scope="module")
def world() -> shapes.ShapesWorld:
    return shapes.make(n_items=600, n_users=2500, seed=0)


def digest(world: shapes.ShapesWorld) -> str:
    csr = world.interactions.csr
    parts = (csr.indptr, csr.indices, csr.values, world.looks)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def test_the_same_seed_makes_the_same_likes_on_every_machine() -> None:
    assert digest(shapes.make(50, 80, seed=3)) == (
        "863764c0f6c21feeb87f587b233d91da894f70660f5a41d058f86417c9d5c622"
    )


def test_another_seed_makes_others() -> None:
    assert digest(shapes.make(50, 80, seed=3)) != digest(shapes.make(50, 80, seed=4))


def test_how_users_are_blocked_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = digest(shapes.make(50, 80))
    monkeypatch.setattr(shapes, "_CELLS_AT_ONCE", 7 * 50)
    assert digest(shapes.make(50, 80)) == whole


def test_the_default_is_made_in_seconds() -> None:
    start = time.perf_counter()
    made = shapes.make().interactions
    assert time.perf_counter() - start < 10  # about half a second on an idle machine
    assert (made.n_users, made.n_items) == (6000, 2000)
    counts = made.csr.row_counts
    assert (counts.min(), counts.max()) == (shapes.MIN_LIKES, shapes.MAX_LIKES)
    assert 20 < counts.mean() < 30
    assert np.median(counts) < 0.85 * counts.mean()  # a long tail of keen visitors
    likes = np.sort(np.bincount(made.csr.indices, minlength=2000))[::-1]
    assert likes[:200].sum() > 0.25 * likes.sum()  # and of popular things


def test_rows_are_proper(world: shapes.ShapesWorld) -> None:
    made = world.interactions
    gaps = np.diff(made.csr.indices.astype(int))
    gaps[made.csr.indptr[1:-1] - 1] = 1
    assert (gaps > 0).all()  # rising within a row, so nothing twice
    assert (made.csr.values == 1).all()
    assert made.items[0] == "shape-0001"
    assert made.users[2499] == "visitor-2500"
    assert list(made.items) == sorted(made.items)


def test_the_catalog_says_what_each_thing_is(world: shapes.ShapesWorld) -> None:
    catalog = world.interactions.catalog
    assert catalog is not None
    assert catalog.names is not None
    assert len(set(catalog.names)) == len(catalog)
    for item, (color, form, finish) in zip(catalog.items, world.looks.tolist(), strict=True):
        tags = (tuple(shapes.COLORS)[color], shapes.FORMS[form], shapes.FINISHES[finish])
        assert catalog.tags_of(item) == tags
        assert all(tag in catalog.name(item).lower() for tag in tags)


def test_pictures_are_drawn_when_asked_for() -> None:
    catalog = shapes.make(6, 5).interactions.catalog
    assert catalog is not None
    pictures = catalog.pictures
    assert isinstance(pictures, shapes.Pictures)
    assert not pictures._drawn
    assert catalog.picture("shape-0002").startswith("data:image/png;base64,")
    assert len(pictures._drawn) == 1
    assert list(pictures) == [pictures[at] for at in range(6)]
    assert pictures[-1] == pictures[5]
    assert pictures[1:3] == [pictures[1], pictures[2]]
    with pytest.raises(IndexError):
        pictures[6]


def test_tastes_can_be_found_again(world: shapes.ShapesWorld) -> None:
    """Items that a plain factor model calls alike look alike, which no model was told."""
    matrix = world.interactions.to_scipy()
    by_user = sp.diags_array(1 / np.sqrt(world.interactions.csr.row_counts))
    by_item = sp.diags_array(1 / np.sqrt(1 + matrix.sum(axis=0)))
    _, strength, right = svds(by_user @ matrix @ by_item, 32, rng=0)
    factors = right.T * strength
    factors /= np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-12)
    nearness = factors @ factors.T
    np.fill_diagonal(nearness, -np.inf)
    nearest = np.argsort(-nearness, axis=1)[:, :5]
    alike = (world.looks[nearest] == world.looks[:, None]).sum(axis=2) >= 2
    chance = (world.looks[:, None] == world.looks).sum(axis=2) >= 2
    assert chance.mean() < 0.04
    assert alike.mean() > 0.7


def test_people_like_what_they_are_said_to_like(world: shapes.ShapesWorld) -> None:
    affinity = world.affinity()
    made = world.interactions
    assert affinity.shape == (made.n_users, made.n_items)
    liked = affinity[made.csr.row_of_entry, made.csr.indices]
    assert liked.mean() > affinity.mean() + 2
    assert np.array_equal(world.affinity(np.array([3, 1])), affinity[[3, 1]])


@pytest.mark.parametrize(("n_items", "n_users"), [(1, 1), (2, 3), (9, 4)])
def test_tiny_worlds(n_items: int, n_users: int) -> None:
    made = shapes.make(n_items, n_users).interactions
    assert (made.n_users, made.n_items) == (n_users, n_items)
    assert (made.csr.row_counts >= 1).all()
    assert (made.csr.row_counts <= max(1, n_items // 2)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_items": 0},
        {"n_users": -1},
        {"n_items": 2.5},
        {"n_users": True},
        {"seed": -1},
        {"seed": "a"},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        shapes.make(**wrong)
