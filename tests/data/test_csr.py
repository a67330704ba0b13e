"""Compressed sparse rows: taken apart, also where there are more entries than an int32 counts."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

from penchant.data.csr import Csr, row_pointers

LARGE = 2**31 + 10


def far_rows(begins: list[int], width: int = 3) -> Csr:
    """Rows of ``LARGE`` entries in all, of which some begin where told; the memory is not there.

    All columns but one row's are a single number, repeated without a copy.
    """
    pointers = sorted({0, *begins, *(begin + width for begin in begins), LARGE})
    columns = np.broadcast_to(np.int32(7), LARGE)
    values = np.broadcast_to(np.float32(2), LARGE)
    return Csr(np.array(pointers, dtype=np.int64), columns, values, 9)


def test_pointers_count_beyond_int32() -> None:
    counts = np.full(3, 2**30, dtype=np.int32)
    assert row_pointers(counts).tolist() == [0, 2**30, 2**31, 3 * 2**30]


def test_far_rows_are_taken() -> None:
    begins = [2**31 - 20, 2**31 - 2, 2**31 + 4]  # before, across and beyond the largest int32
    csr = far_rows(begins)
    assert csr.nnz == LARGE == int(csr.row_counts.sum())
    rows = np.searchsorted(csr.indptr, begins)
    np.testing.assert_array_equal(
        csr.entries_of(rows), np.concatenate([np.arange(begin, begin + 3) for begin in begins])
    )
    taken = csr.take_rows(rows)
    assert taken.indptr.tolist() == [0, 3, 6, 9]
    assert taken.indices.tolist() == [7] * 9
    assert taken.values.tolist() == [2] * 9


@pytest.mark.parametrize("rows", [[], [3, 1, 3], [0, 1, 2, 3, 4, 5]])
def test_rows_are_taken_in_order(rows: list[int]) -> None:
    data = random_interactions(6, 9)
    wanted = data.to_scipy().toarray()[rows]
    taken = data.csr.take_rows(np.array(rows, dtype=np.int64))
    found = np.zeros_like(wanted)
    found[taken.row_of_entry, taken.indices] = taken.values
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("pointers", "columns", "sound"),
    [
        ([0], [], True),
        ([0, 0, 2], [0, 2], True),
        ([], [], False),
        ([1, 2], [0, 1], False),
        ([0, 2, 1], [0], False),
        ([0, 1], [0, 1], False),
        ([0, 1], [3], False),
        ([0, 1], [-1], False),
    ],
)
def test_rows_are_validated_within_their_arrays(
    pointers: list[int], columns: list[int], sound: bool
) -> None:
    values = np.ones(len(columns), np.float32)
    csr = Csr(np.array(pointers, np.int64), np.array(columns, np.int32), values, 3)
    assert csr.is_validated is sound
