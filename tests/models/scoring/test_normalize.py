"""Unit vectors, and when they are remembered."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from penchant.models._scoring import frozen as module
from penchant.models._scoring.normalize import normalize


@pytest.fixture
def of_a_file(tmp_path: Path):
    """A maker of vectors as those of an opened model: views of a file that is only read."""

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


def test_those_of_a_file_are_divided_once_and_forgotten_with_it(of_a_file):
    vectors = of_a_file("a.npy")
    gc.collect()
    kept = len(module._known)
    found = normalize(vectors)
    assert normalize(vectors) is found
    assert len(module._known) == kept + 2, "the vectors, and those of length 1"
    other = of_a_file("b.npy", scale=2.0)
    np.testing.assert_allclose(normalize(other), found, rtol=1e-5)
    assert normalize(other) is not found
    del vectors, other, found
    gc.collect()
    assert len(module._known) == kept


def test_what_can_change_is_looked_at_each_time():
    vectors = np.array([[3.0, 4.0]])
    assert normalize(vectors)[0, 0] == pytest.approx(0.6)
    vectors[0, 0] = 0
    assert normalize(vectors)[0].tolist() == [0, 1]
    vectors.setflags(write=False)  # whoever owns it may let itself write again
    assert normalize(vectors) is not normalize(vectors)
