from __future__ import annotations

import numpy as np
import pytest
from benchmarks.generate import Shape, make

SHAPE = Shape(800, 600, 16_000, least_per_item=2)


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return make(SHAPE)


def test_it_has_the_shape_that_was_asked_for(made: dict[str, np.ndarray]) -> None:
    indptr, indices = made["indptr"], made["indices"]
    assert len(indptr) == SHAPE.n_users + 1
    assert indices.max() < SHAPE.n_items
    assert indptr[-1] == len(indices) == len(made["values"])
    assert abs(len(indices) / SHAPE.nnz - 1) < 0.1
    assert np.diff(indptr).min() >= SHAPE.least_per_user * 0.6
    assert (np.bincount(indices, minlength=SHAPE.n_items) >= SHAPE.least_per_item).mean() > 0.99


def test_columns_rise_within_a_row(made: dict[str, np.ndarray]) -> None:
    inner = np.ones(len(made["indices"]), dtype=bool)
    inner[made["indptr"][:-1]] = False
    assert (np.diff(made["indices"], prepend=-1)[inner] > 0).all()


def test_the_same_seed_makes_the_same(made: dict[str, np.ndarray]) -> None:
    again, other = make(SHAPE), make(SHAPE, seed=1)
    assert all((made[part] == again[part]).all() for part in made)
    assert len(other["indices"]) != len(made["indices"]) or (
        (other["indices"] != made["indices"]).any()
    )


def test_popularity_has_a_long_tail(made: dict[str, np.ndarray]) -> None:
    counts = np.sort(np.bincount(made["indices"], minlength=SHAPE.n_items))[::-1]
    assert counts[:60].sum() > 0.18 * counts.sum()
    assert counts[0] > 4 * np.median(counts)


def test_tastes_are_of_low_rank(made: dict[str, np.ndarray]) -> None:
    """A few factors explain far more than they would if the same likes fell by chance."""
    rng = np.random.default_rng(0)
    row = np.repeat(np.arange(SHAPE.n_users), np.diff(made["indptr"]))

    def explained(columns: np.ndarray) -> float:
        dense = np.zeros((SHAPE.n_users, SHAPE.n_items))
        dense[row, columns] = 1
        values = np.linalg.svd(dense, compute_uv=False) ** 2
        return float(values[1:7].sum() / values[1:].sum())

    assert explained(made["indices"]) > 1.5 * explained(rng.permutation(made["indices"]))
