"""Sets of codes in few bits: they are exact, small, and damage is noticed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant.data.code_sets import CodeSets, low_bits
from penchant.data.csr import Csr, row_pointers
from penchant.errors import DataError


def matrix(sets: list[set[int]], n_codes: int) -> Csr:
    codes = [code for row in sets for code in sorted(row)]
    return Csr(
        row_pointers(np.array([len(row) for row in sets], dtype=np.int64)),
        np.array(codes, dtype=np.int32),
        np.ones(len(codes), dtype=np.float32),
        n_codes,
    )


@st.composite
def matrices(draw: st.DrawFn) -> Csr:
    n_codes = draw(st.integers(1, 3000))
    row = st.sets(st.integers(0, n_codes - 1), max_size=min(n_codes, 40))
    return matrix(draw(st.lists(row, max_size=12)), n_codes)


@given(matrices(), st.data())
def test_any_rows_come_back_in_any_order(rows: Csr, data: st.DataObject) -> None:
    sets = CodeSets.of(rows)
    assert (len(sets.low), len(sets.high)) == sets.n_bytes
    order = data.draw(st.lists(st.integers(0, max(rows.n_rows - 1, 0)), max_size=20))
    taken = np.array(order if rows.n_rows else [], dtype=np.int64)
    found = sets.take_rows(taken)
    for number, row in enumerate(taken.tolist()):
        wanted = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
        codes = found.indices[found.indptr[number] : found.indptr[number + 1]]
        np.testing.assert_array_equal(codes, wanted)
    assert (found.values == 1).all()


def test_a_code_takes_two_bits_more_than_the_mean_gap_has() -> None:
    data = random_interactions(200, 1000, density=0.02, seed=1).csr
    sets = CodeSets.of(data)
    bits = 8 * (len(sets.low) + len(sets.high))
    assert low_bits(1000, data.n_rows, data.nnz) == 5
    assert bits / data.nnz < 5 + 2.6


def test_more_codes_than_a_block_are_packed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    data = random_interactions(30, 50, density=0.3, seed=2).csr
    whole = CodeSets.of(data)
    monkeypatch.setattr("penchant.data.code_sets._BLOCK", 16)
    parts = CodeSets.of(data)
    np.testing.assert_array_equal(parts.low, whole.low)
    np.testing.assert_array_equal(parts.high, whole.high)


@given(st.integers(0, 2**31), st.integers(0, 7), st.booleans())
def test_altered_bits_give_codes_of_the_model_or_an_error(place: int, bit: int, low: bool) -> None:
    rows = random_interactions(12, 37, density=0.2, seed=3).csr
    sets = CodeSets.of(rows)
    name = "low" if low else "high"
    array = getattr(sets, name).copy()
    array[place % len(array)] ^= 1 << bit
    altered = dataclasses.replace(sets, **{name: array})
    try:
        found = altered.take_rows(np.arange(12))
    except DataError:
        return
    assert found.is_validated
    np.testing.assert_array_equal(found.row_counts, rows.row_counts)
