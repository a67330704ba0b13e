"""Blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penchant.data.blocks import MemoryBlocks, block_bounds, entries_of
from penchant.data.csr import Csr, row_pointers


def matrix(counts: list[int]) -> Csr:
    indptr = row_pointers(np.array(counts, dtype=np.int64))
    n = int(indptr[-1])
    columns = np.concatenate([np.arange(count) for count in counts] or [[]]).astype(np.int32)
    return Csr(indptr, columns, np.arange(1, n + 1, dtype=np.float32), 50, np.arange(n))


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 60))
def test_blocks_cover_every_row_once_and_are_bounded(counts: list[int], entries: int) -> None:
    rows = matrix(counts)
    blocks = block_bounds(rows.indptr, entries)
    assert [row for block in blocks for row in range(block.start, block.stop)] == [
        *range(len(counts))
    ]
    for block in blocks:
        assert block.nnz == sum(counts[block.start : block.stop])
        assert block.n_rows == 1 or block.nnz + block.n_rows <= entries


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 30))
def test_blocks_together_are_the_matrix(counts: list[int], entries: int) -> None:
    rows = matrix(counts)
    blocked = MemoryBlocks(rows, entries)
    assert (blocked.n_rows, blocked.nnz) == (rows.n_rows, rows.nnz)
    parts = [part for _, part in blocked]
    assert all(part.is_validated for part in parts)
    np.testing.assert_array_equal(np.concatenate([p.values for p in parts]), rows.values)
    np.testing.assert_array_equal(np.concatenate([p.indices for p in parts]), rows.indices)
    np.testing.assert_array_equal(np.concatenate([p.times for p in parts]), rows.times)  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.concatenate([p.row_counts for p in parts]), rows.row_counts)


def test_a_row_beyond_the_size_is_a_block_of_its_own() -> None:
    blocks = block_bounds(np.array([0, 1, 101, 102]), 10)
    assert [(block.start, block.stop, block.nnz) for block in blocks] == [
        (0, 1, 1),
        (1, 2, 100),
        (2, 3, 1),
    ]


@pytest.mark.parametrize("counts", [[], [0], [0, 0, 0]])
def test_matrices_without_entries_have_blocks_too(counts: list[int]) -> None:
    blocked = MemoryBlocks(matrix(counts))
    assert blocked.nnz == 0
    assert blocked.n_rows == len(counts)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 30), st.integers(1, 12))
def test_parts_of_entries_do_not_depend_on_blocks(counts, entries, size) -> None:
    rows = matrix(counts)
    parts = list(entries_of(MemoryBlocks(rows, entries), size))
    assert [len(part.values) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert all(0 < len(part.values) <= size for part in parts)
    values = [value for part in parts for value in part.values]
    times = [time for part in parts if part.times is not None for time in part.times]
    assert (values, times) == (rows.values.tolist(), rows.times.tolist())  # type: ignore[union-attr]


def test_counts_and_bounds_are_those_of_all_rows() -> None:
    rows = MemoryBlocks(matrix([3, 0, 2, 5]), 4)
    assert rows.row_counts.tolist() == [3, 0, 2, 5]
    assert super(MemoryBlocks, rows).row_counts.tolist() == [3, 0, 2, 5]
    assert rows.bounds == (0, 1, 3, 4)
