"""Vectors of length 1, and when an index caches them."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from penchant.models._scoring.index import IndexSet
from penchant.models._scoring.normalize import normalize


@pytest.fixture
def of_a_file(tmp_path: Path):
    """Return a function that makes vectors as those of a loaded model: views of a mapped file."""

    def make(name: str, scale: float = 1.0) -> np.ndarray:
        path = tmp_path / name
        rng = np.random.default_rng(0)
        np.save(path, (scale * rng.normal(size=(5, 3))).astype(np.float32))
        return np.load(path, mmap_mode="r").view(np.ndarray)

    return make


def test_lengths_are_one_or_zero():
    vectors = np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32)
    np.testing.assert_allclose(normalize(vectors), [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert normalize(vectors).dtype == np.float32


def test_vectors_of_a_file_are_normalized_once(of_a_file):
    indexes, vectors = IndexSet(), of_a_file("a.npy")
    normalized = indexes.get("items", vectors).normalized.vectors
    assert indexes.get("items", vectors).normalized.vectors is normalized
    other = of_a_file("b.npy", scale=2.0)
    others = indexes.get("items", other).normalized.vectors
    np.testing.assert_allclose(others, normalized, rtol=1e-5)
    assert others is not normalized
    references = [weakref.ref(array) for array in (vectors, normalized, other, others)]
    del vectors, normalized, other, others, indexes
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


def test_vectors_that_can_change_are_normalized_each_time():
    indexes, vectors = IndexSet(), np.array([[3.0, 4.0]])
    assert indexes.get("items", vectors).normalized.vectors[0, 0] == pytest.approx(0.6)
    index = indexes.get("items", vectors)
    vectors[0, 0] = 0
    assert index.normalized.vectors[0].tolist() == [0, 1]
    assert indexes.get("items", vectors).normalized.vectors[0].tolist() == [0, 1]
    assert normalize(vectors) is not normalize(vectors)
