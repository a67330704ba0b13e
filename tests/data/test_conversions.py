"""Interactions from frames, arrays and matrices, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import penchant
from penchant.data.interactions import Interactions
from penchant.errors import ColumnError, DataError, EmptyDataError, SettingsError

FRAMES = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}
CONSTRUCTORS = {"pandas": "from_pandas", "polars": "from_polars", "pyarrow": "from_arrow"}

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)
integers = st.integers(-(2**63), 2**63 - 1)
values = st.floats(width=32, allow_nan=False, allow_infinity=False).filter(lambda v: v != 0)
times = st.integers(-(2**63), 2**63 - 1)


@st.composite
def interactions(draw: st.DrawFn, *, timed: bool | None = None) -> Interactions:
    """Draw interactions such as reading gives: sorted ids, each with an interaction."""
    user = draw(st.sampled_from([texts, integers]))
    item = draw(st.sampled_from([texts, integers]))
    pairs = draw(st.lists(st.tuples(user, item), min_size=1, max_size=8, unique=True))
    users = np.array([pair[0] for pair in pairs], dtype=object)
    items = np.array([pair[1] for pair in pairs], dtype=object)
    size = st.lists(values, min_size=len(pairs), max_size=len(pairs))
    if timed is None:
        timed = draw(st.booleans())
    stamps = draw(st.lists(times, min_size=len(pairs), max_size=len(pairs))) if timed else None
    return Interactions.from_arrays(users, items, draw(size), stamps)


def assert_equal(left: Interactions, right: Interactions) -> None:
    assert (left.users, left.items) == (right.users, right.items)
    assert left.users.kind == right.users.kind == "user"
    for part in ("indptr", "indices", "values"):
        ours, theirs = getattr(left.csr, part), getattr(right.csr, part)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    if left.timestamps is None or right.timestamps is None:
        assert left.timestamps is right.timestamps
    else:
        assert left.timestamps.dtype == right.timestamps.dtype == np.int64
        np.testing.assert_array_equal(left.timestamps, right.timestamps)


# --- there and back -----------------------------------------------------------------------


@pytest.mark.parametrize("library", FRAMES)
@settings(max_examples=15)
@given(data=interactions())
def test_frames_and_back(library: str, data: Interactions) -> None:
    frame = getattr(data, FRAMES[library])()
    assert_equal(getattr(Interactions, CONSTRUCTORS[library])(frame), data)
    assert_equal(penchant.read_interactions(frame), data)


@settings(max_examples=15)
@given(interactions())
def test_arrays_and_back(data: Interactions) -> None:
    assert_equal(Interactions.from_arrays(*data.columns().values()), data)


@given(interactions())
def test_scipy_and_back(data: Interactions) -> None:
    matrix = data.to_scipy()
    made = Interactions.from_scipy(matrix, data.users, data.items, timestamps=data.timestamps)
    assert_equal(made, data)
    shuffled = np.random.default_rng(0).permutation(data.nnz)
    coo = matrix.tocoo()
    stamps = None if data.timestamps is None else data.timestamps[shuffled]
    mixed = sp.coo_array(
        (coo.data[shuffled], (coo.coords[0][shuffled], coo.coords[1][shuffled])), matrix.shape
    )
    assert_equal(
        Interactions.from_scipy(mixed, list(data.users), list(data.items), timestamps=stamps), data
    )


def test_the_columns_of_a_frame() -> None:
    data = Interactions.from_arrays(["u", "v"], [7, 3], [2, -1.5], [10, 20])
    frame = data.to_pandas()
    assert frame.to_dict("list") == {
        "user": ["u", "v"], "item": [7, 3], "value": [2, -1.5], "timestamp": [10, 20],
    }  # fmt: skip
    assert data.to_dicts()[1] == {"user": "v", "item": 3, "value": -1.5, "timestamp": 20}
    assert data.to_polars().columns == ["user", "item", "value", "timestamp"]
    assert list(data.select(np.array([True, False])).to_arrow().to_pydict()["user"]) == ["u"]


# --- columns, policies, refusals ----------------------------------------------------------


def frame_of(library: str, columns: dict[str, Any]) -> Any:
    if library == "pyarrow":
        return pytest.importorskip("pyarrow").table(columns)
    return pytest.importorskip(library).DataFrame(columns)


@pytest.mark.parametrize("library", FRAMES)
def test_columns_and_policies_are_named(library: str) -> None:
    frame = frame_of(
        library, {"a": ["u", "u", "v"], "b": [1, 1, 2], "c": [3.0, 4.0, -1.0], "d": [5, 6, 7]}
    )
    build = getattr(Interactions, CONSTRUCTORS[library])
    data = build(frame, "a", "b", value="c", timestamp=3, duplicates="max", name="log")
    assert data.history("u") == {1: 4.0}
    assert data.history("v") == {2: -1.0}
    assert data.timestamps.tolist() == [6, 7]
    assert data.name == "log"
    assert data.report.merged == 1
    with pytest.raises(ColumnError, match="can't tell"):
        build(frame)
    with pytest.raises(ColumnError, match="no column 'z'"):
        build(frame, "a", "z")
    with pytest.raises(SettingsError, match="duplicates"):
        build(frame, "a", "b", duplicates="first")


@pytest.mark.parametrize("library", FRAMES)
def test_frames_of_other_libraries_are_refused(library: str) -> None:
    frame = frame_of(library, {"user": ["u"], "item": ["a"]})
    for other, constructor in CONSTRUCTORS.items():
        if other != library:
            with pytest.raises(DataError, match=f"use Interactions.{CONSTRUCTORS[library]}"):
                getattr(Interactions, constructor)(frame)
    with pytest.raises(DataError, match=r"got builtins\.dict: use penchant\.read_interactions"):
        Interactions.from_pandas({"user": ["u"]})  # type: ignore[arg-type]


def test_lazy_frames_are_collected() -> None:
    frame = frame_of("polars", {"user": ["u"], "item": ["a"]}).lazy()
    assert Interactions.from_polars(frame).history("u") == {"a": 1.0}


def test_arrays_that_do_not_fit() -> None:
    with pytest.raises(DataError, match="equal length"):
        Interactions.from_arrays(["u"], ["a", "b"])
    with pytest.raises(DataError, match="value in the arrays is not a number"):
        Interactions.from_arrays(["u"], ["a"], ["x"])  # type: ignore[arg-type]
    with pytest.raises(EmptyDataError, match="empty"):
        Interactions.from_arrays([], [])
    assert Interactions.from_arrays([1, 1], ["a", "a"]).history(1) == {"a": 1.0}


def test_timestamps_of_a_matrix() -> None:
    matrix = sp.coo_array(([4.0, 2.0, 0.0, 1.0], ([0, 0, 1, 1], [1, 1, 0, 1])), (2, 2))
    stamps = [30, 10, 5, 7]
    data = Interactions.from_scipy(matrix, timestamps=stamps)
    assert data.csr.values.tolist() == [6, 1]
    assert data.timestamps is not None
    assert data.timestamps.tolist() == [30, 7]
    last = Interactions.from_scipy(matrix, timestamps=stamps, duplicates="last")
    assert last.history(0) == {1: 4.0}
    for wrong in ([1, 2], [1.5, 2, 3, 4]):
        with pytest.raises(DataError, match="4 entries need as many whole numbers"):
            Interactions.from_scipy(matrix, timestamps=wrong)
