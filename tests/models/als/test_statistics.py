"""Statistics of interactions: sums, bounds and the median, over any blocks."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.data.blocks import MemoryBlocks
from penchant.data.csr import Csr, row_pointers
from penchant.data.decay import Recency
from penchant.models.als import statistics
from penchant.models.als.statistics import Statistics, warn_of_spread

KINDS = ("linear", "log", "binary")


def rows_of(values, times=None, entries: int = 1 << 20) -> MemoryBlocks:
    """One row for every two values, in blocks."""
    values = np.asarray(values, np.float32)
    counts = np.full(len(values) // 2 + 1, 2)
    counts[-1] = len(values) - 2 * (len(counts) - 1)
    columns = np.arange(len(values), dtype=np.int32)
    rows = Csr(row_pointers(counts), columns, values, max(len(values), 1), times)
    return MemoryBlocks(rows, entries)


def test_the_rule_does_not_depend_on_unit_or_order() -> None:
    rng = np.random.default_rng(0)
    for spread in (0.5, 1.0, 1.1, 1.3, 2.0):
        values = np.exp(rng.normal(0, spread, 5000)).astype(np.float32)
        answers = {
            Statistics.of(rows_of(v)).is_uneven
            for v in (values, values * 1e6, values[::-1], -values)
        }
        expected = np.abs(values).sum() ** 2 < len(values) * (values**2).sum() / 4
        assert answers == {bool(expected)}


@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 60),
    part=st.integers(1, 9),
    entries=st.integers(1, 30),
)
def test_statistics_are_the_same_for_any_blocks(seed, n, part, entries) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 3, n).astype(np.float32)
    times, recency = rng.integers(0, 20, n), Recency(4.0, 19)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "_PART", part)
        whole, blocks = (
            Statistics.of(rows_of(values, times, size), KINDS, 0.5, recency)
            for size in (1 << 20, entries)
        )
    assert whole == blocks  # bit for bit
    size, ages = np.abs(values).astype(float), 2.0 ** ((times - 19) / 4)
    assert (whole.smallest, whole.largest) == (size.min(), size.max())
    np.testing.assert_allclose([whole.total, whole.squares], [size.sum(), (size**2).sum()])
    expected = {"linear": size, "log": np.log1p(size / 0.5), "binary": np.ones(n)}
    for kind in KINDS:
        assert whole.mean_sizes[kind] == pytest.approx((expected[kind] * ages).mean(), rel=1e-12)


def test_no_interactions_have_statistics_too() -> None:
    empty = Statistics.of(rows_of([]), KINDS)
    assert (empty.nnz, empty.largest, empty.mean_sizes["log"]) == (0, 0.0, 0.0)
    assert not empty.is_uneven


@pytest.mark.parametrize("entries", [3, 1 << 20])
@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ([1, 1, 1, 1001], True),
        ([1, 1, 1, 1000], False),
        ([1, 1, 1001, 1001], False),
        ([1, 1, 1, -5000], True),
        ([2], False),
        ([1, 1, 2, 2, 1999], False),
        ([1, 1, 2, 2, 2001], True),
    ],
)
def test_spread_is_against_the_median(
    values: list[float], warned: bool, entries: int, caplog: pytest.LogCaptureFixture
) -> None:
    rows = rows_of(values, entries=entries)
    with caplog.at_level(logging.WARNING, logger="penchant"):
        warn_of_spread(rows, Statistics.of(rows).largest, "plays")
    assert bool(caplog.records) == warned
    if warned:
        assert "confidence='log'" in caplog.text


@given(
    st.lists(st.floats(-(2.0**120), 2.0**120, width=32), min_size=1, max_size=40),
    st.data(),
    st.integers(1, 20),
)
def test_values_in_order_of_size_are_those_of_a_sort(values, data, entries) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    expected = np.sort(np.abs(np.array(values, np.float32)))[at]
    assert statistics._ordered_size(rows_of(values, entries=entries), at) == expected
