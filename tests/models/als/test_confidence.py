"""Confidence: the weights of interactions, and when computing them needs no copy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from penchant.data.csr import Csr
from penchant.models.als import confidence
from penchant.models.als.confidence import Confidence, magnitude_range

KINDS = ["linear", "log", "binary"]


def rows_of(values: list[float]) -> Csr:
    n = len(values)
    return Csr(
        np.array([0, n], np.int64), np.arange(n, dtype=np.int32), np.array(values, np.float32), n
    )


@pytest.mark.parametrize(
    ("kind", "alpha", "block"),
    list(itertools.product(KINDS, [1e-9, 1e-3, 1.0, 40.0, 1e9], [2, 1 << 16])),
)
def test_weights_equal_those_of_the_paper(
    monkeypatch: pytest.MonkeyPatch, kind: str, alpha: float, block: int
) -> None:
    monkeypatch.setattr(confidence, "_BLOCK", block)
    values = [1.0, -2.0, 0.5, 300.0, -1e-3]
    size = np.abs(values)
    g = {"linear": size, "log": np.log1p(size / 0.5), "binary": np.ones(5)}[kind]
    weighting = Confidence(kind, alpha, 0.5)
    weighed = weighting.weigh(rows_of(values))
    weights = weighed.values.astype(np.float64) * weighting.unit
    np.testing.assert_allclose(weights, np.copysign(alpha * g, values), rtol=1e-6)
    assert weighed.values.dtype == np.float32


@pytest.mark.parametrize("values", [[1e-38, 1.0], [3e38, -1.0], [1e-45, -3e38]])
@pytest.mark.parametrize(("kind", "alpha"), list(itertools.product(KINDS, [1e-300, 1.0, 1e300])))
def test_weights_keep_sign_and_stay_finite(kind: str, alpha: float, values: list[float]) -> None:
    weights = Confidence(kind, alpha, 1.0).weigh(rows_of(values)).values
    assert np.isfinite(weights).all()
    np.testing.assert_array_equal(np.sign(weights), np.sign(values))


@pytest.mark.parametrize(
    ("kind", "values", "shared"),
    [
        ("linear", [1.0, -7.0, 0.25], True),
        ("linear", [1.0, 1e-36], False),
        ("binary", [1.0, -1.0, 1.0], True),
        ("binary", [1.0, 2.0], False),
        ("log", [1.0, 1.0], False),
    ],
)
def test_values_that_are_weights_are_not_copied(
    kind: str, values: list[float], shared: bool
) -> None:
    rows = rows_of(values)
    assert (Confidence(kind, 40.0, 1.0).weigh(rows) is rows) == shared


def test_the_range_is_of_magnitudes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "_BLOCK", 2)
    assert magnitude_range(np.array([3, -9, 1, -0.5, 4], np.float32)) == (0.5, 9.0)
