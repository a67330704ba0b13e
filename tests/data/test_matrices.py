"""Matrices in: any format, any state, never changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import DataError, SettingsError

small = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.sampled_from([0, 0, 1, 2.5, -3]),
)
FORMATS = [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_array, sp.lil_array, np.asarray]


@given(small, st.sampled_from(FORMATS))
def test_there_and_back(dense: Any, make: Any) -> None:
    made = Interactions.from_scipy(make(dense))
    np.testing.assert_array_equal(made.to_scipy().toarray(), dense)
    assert (made.n_users, made.n_items) == dense.shape
    assert made.csr.indptr.dtype == np.int64
    assert made.csr.indices.dtype == np.int32
    assert made.csr.values.dtype == np.float32
    assert made.to_scipy().has_sorted_indices


def messy(kind: Any = sp.csr_array) -> Any:
    """Unsorted, with an explicit zero, a NaN and a cell stored twice."""
    data = np.array([5.0, 1.0, 0.0, np.nan, 2.0, -2.0, 2.0])
    return kind((data, np.array([2, 0, 1, 0, 2, 1, 1]), np.array([0, 3, 5, 7])), shape=(3, 4))


def test_matrices_are_cleaned_and_not_changed() -> None:
    for kind in (sp.csr_array, sp.csr_matrix):
        matrix = messy(kind)
        before = [part.copy() for part in (matrix.data, matrix.indices, matrix.indptr)]
        made = penchant.read_interactions(matrix)
        assert made.to_scipy().toarray().tolist() == [[1, 0, 5, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
        for part, was in zip((matrix.data, matrix.indices, matrix.indptr), before, strict=True):
            np.testing.assert_array_equal(part, was)
            assert part.flags.writeable
        report = made.report
        assert report is not None
        assert (report.rows, report.zeros, report.valueless) == (7, 1, 1)
        assert (report.merged, report.cancelled, report.unaccounted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("policy", "value"), [("sum", 0), ("max", 2), ("last", 2), ("mean", 0), ("binary", 0)]
)
def test_cells_stored_twice(policy: Any, value: float) -> None:
    made = penchant.read_interactions(messy(), duplicates=policy)
    assert made.to_scipy().toarray()[2, 1] == value
    with pytest.raises(DataError, match="repeat a cell"):
        penchant.read_interactions(messy(), duplicates="error")


def test_an_unknown_policy() -> None:
    with pytest.raises(SettingsError, match="duplicates must be one of"):
        Interactions.from_scipy(np.eye(2), duplicates="first")


def test_ids_of_rows_and_columns() -> None:
    matrix = sp.csr_array(np.eye(2, 3))
    made = penchant.read_interactions(matrix, user_ids=["u", "v"], item_ids=[10, 20, 30])
    assert made.history("v") == {20: 1.0}
    assert list(Interactions.from_scipy(matrix).items) == [0, 1, 2]
    with pytest.raises(DataError, match=r"is transposed, pass matrix\.T"):
        Interactions.from_scipy(matrix, ["a", "b", "c"], [1, 2])
    with pytest.raises(DataError, match="2 rows and 3 columns, but there are 4 users and 3 items"):
        Interactions.from_scipy(matrix, [1, 2, 3, 4])
    with pytest.raises(SettingsError, match="no columns"):
        penchant.read_interactions(matrix, "user", "item")


def test_other_than_finite_matrices_are_refused() -> None:
    for wrong in (np.array([[np.inf]]), np.array([[1e39]]), np.array([[1j]]), np.ones(3)):
        with pytest.raises(DataError):
            Interactions.from_scipy(wrong)
    with pytest.raises(DataError, match="row 1, column 0 is inf"):
        Interactions.from_scipy(sp.coo_array(np.array([[1.0], [np.inf]])))
    with pytest.raises(DataError):
        Interactions.from_scipy(np.array([["a"]]))


def damaged(name: str) -> Any:
    """A matrix whose arrays contradict each other, as code that builds them by hand may make."""
    if name == "coo":
        made = sp.coo_array(np.eye(2))
        made.coords = (np.array([0, 9]), np.array([0, 1]))
        return made
    made = getattr(sp, f"{name}_matrix")((2, 2))
    made.indptr, made.indices = np.array([0, 1, 50]), np.array([7, -1])
    made.data = np.ones(2)
    return made


@pytest.mark.parametrize("name", ["csr", "csc", "coo"])
def test_damaged_matrices_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"damaged|lie outside"):
        penchant.read_interactions(damaged(name))


def test_masked_values_are_missing() -> None:
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]])
    made = penchant.read_interactions(masked)
    assert made.to_scipy().toarray().tolist() == [[1, 0], [3, 4]]
    assert made.report is not None
    assert made.report.valueless == 1


def test_half_precision() -> None:
    made = penchant.read_interactions(np.array([[1, 0], [0, 2.5]], dtype=np.float16))
    assert made.to_scipy().toarray().tolist() == [[1, 0], [0, 2.5]]


def test_an_empty_matrix_keeps_its_shape() -> None:
    made = Interactions.from_scipy(sp.csr_array((3, 2)))
    assert (made.n_users, made.n_items, made.nnz) == (3, 2, 0)
    assert Interactions.from_scipy(sp.csr_array((0, 0))).density == 0
