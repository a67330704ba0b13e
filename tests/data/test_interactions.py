"""Interactions: immutable, thresholded to a stable core, found by outside ids."""

from __future__ import annotations

import copy
import logging
import pickle
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

from penchant.data.catalog import Catalog
from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, EmptyDataError, SettingsError, UnknownIdError

pairs = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1)


def from_pairs(cells: set[tuple[int, int]]) -> Interactions:
    dense = np.zeros((8, 8))
    dense[tuple(zip(*cells, strict=True))] = 1
    return Interactions.from_scipy(dense, [f"u{n}" for n in range(8)])


def core(cells: set[tuple[int, int]], per_user: int, per_item: int) -> set[tuple[str, int]]:
    """The largest part where all have enough, one removal at a time."""
    left = set(cells)
    while True:
        for u, i in sorted(left):
            users = sum(1 for other in left if other[0] == u)
            items = sum(1 for other in left if other[1] == i)
            if users < per_user or items < per_item:
                left.remove((u, i))
                break
        else:
            return {(f"u{u}", i) for u, i in left}


def cells_of(data: Interactions) -> set[tuple[object, object]]:
    return {(u, i) for u in data.users for i in data.history(u)}


@given(pairs, st.integers(0, 4), st.integers(0, 4))
def test_threshold_is_the_largest_stable_core(
    cells: set[tuple[int, int]], per_user: int, per_item: int
) -> None:
    data = from_pairs(cells)
    wanted = core(cells, per_user, per_item)
    if not wanted:
        with pytest.raises(EmptyDataError, match="lower the minima"):
            data.threshold(per_user, per_item)
        return
    once = data.threshold(per_user, per_item)
    assert cells_of(once) == wanted
    assert once.csr.row_counts.min() >= per_user
    assert once.by_item().row_counts.min() >= per_item
    twice = once.threshold(per_user, per_item)
    assert (twice.users, twice.items) == (once.users, once.items)
    np.testing.assert_array_equal(twice.csr.indices, once.csr.indices)


def test_threshold_reports_before_and_after(caplog: pytest.LogCaptureFixture) -> None:
    data = from_pairs({(0, 0), (0, 1), (1, 0), (1, 1), (2, 5)})
    with caplog.at_level(logging.INFO, "penchant"):
        left = data.threshold(2, 2)
    for told in (left.summary(), caplog.text):
        assert "before: 8 users, 8 items, 5 interactions, density 7.812%" in told
        assert "after:  2 users, 2 items, 4 interactions, density 100.000%" in told
    step = left.steps[0]
    assert (step.users, step.items, step.interactions) == ((8, 2), (8, 2), (5, 4))
    with pytest.raises(SettingsError, match="min_per_item"):
        data.threshold(1, -1)


def test_arrays_are_read_only() -> None:
    data = random_interactions(6, 5)
    for view in (data, data.threshold(1, 1), data.take_users(np.array([3, 1]))):
        turned = view.by_item()
        for array in (
            view.csr.indptr, view.csr.indices, view.csr.values, view.users.array,
            turned.indptr, turned.indices, turned.values,
        ):  # fmt: skip
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    matrix = data.to_scipy()
    matrix.data[:] = 9
    assert data.csr.values.max() <= 5


def test_the_constructor_checks_its_parts() -> None:
    csr = Csr(np.array([0, 1]), np.array([0], np.int32), np.array([1], np.float32), 2)
    one, two = IdMap.range(1, "user"), IdMap.range(2)
    assert len(Interactions(csr, one, two)) == 1
    with pytest.raises(DataError, match="rows are users"):
        Interactions(csr, two, one)
    with pytest.raises(DataError, match="2 timestamps for 1"):
        Interactions(csr, one, two, timestamps=np.array([1, 2]))


def test_history_and_unknown_users() -> None:
    data = Interactions.from_scipy(np.array([[0, 2], [-1, 0]]), ["ann", "bob"], ["x", "y"])
    assert data.history("ann") == {"y": 2.0}
    assert data.history("bob") == {"x": -1.0}
    with pytest.raises(UnknownIdError, match="'ann'"):
        data.history("anne")
    assert "1 of them dislikes" in data.summary()


def test_rows_of_histories() -> None:
    data = random_interactions(4, 6)
    rows = data.rows_of(
        [["i0003", "i0001", "i0003"], {"i0002": -2, "i0000": 0}, [], np.array(["i0005"])]
    )
    assert rows.indptr.tolist() == [0, 2, 3, 3, 4]
    assert rows.indices.tolist() == [1, 3, 2, 5]
    assert rows.values.tolist() == [1, 1, -2, 1]
    with pytest.raises(UnknownIdError):
        data.rows_of([["i0099"]])
    for wrong in ({"i0001": float("nan")}, {"i0001": 1e39}, {"i0001": "x"}, "i0001", 5):
        with pytest.raises(DataError):
            data.rows_of([wrong])  # type: ignore[list-item]


def test_views_carry_timestamps_along() -> None:
    data = random_interactions(6, 5, density=0.5)
    times = np.arange(data.nnz, dtype=np.int64)
    timed = Interactions(data.csr, data.users, data.items, timestamps=times)
    part = timed.take_users(np.array([4, 0]))
    assert part.timestamps is not None
    begins = data.csr.indptr
    wanted = [*times[begins[4] : begins[5]], *times[: begins[1]]]
    assert part.timestamps.tolist() == wanted
    mask = np.zeros(6, dtype=bool)
    mask[[0, 4]] = True
    assert list(timed.take_users(mask).users) == ["u0000", "u0004"]
    odd = timed.select(times % 2 == 1)
    assert odd.timestamps is not None
    assert odd.timestamps.tolist() == [t for t in times if t % 2]
    assert (odd.n_users, odd.n_items) == (6, 5)
    dropped = timed.select(times < 2).drop_empty()
    assert dropped.nnz == 2
    assert dropped.csr.row_counts.min() > 0


def test_by_item_is_the_transpose() -> None:
    data = random_interactions(7, 5)
    dense = data.to_scipy().toarray()
    turned = data.by_item()
    again = Interactions(turned, data.items, data.users)
    np.testing.assert_array_equal(again.to_scipy().toarray(), dense.T)


def test_by_item_is_cached_while_it_is_held() -> None:
    data = random_interactions(7, 5)
    turned = data.by_item()
    assert data.by_item() is turned
    watched = weakref.ref(turned)
    del turned
    assert watched() is None
    assert data.by_item().nnz == data.nnz


def test_a_catalog_gets_ids_of_the_items_type(caplog: pytest.LogCaptureFixture) -> None:
    numbers = Interactions.from_scipy(np.eye(2), item_ids=[10, 20])
    known = Catalog(IdMap(["10", "20", "30"]), names=["Ten", "Twenty", "Thirty"])
    taken = numbers.with_catalog(known).catalog
    assert taken is not None
    assert taken.name(20) == "Twenty"
    texts = Interactions.from_scipy(np.eye(2), item_ids=["10", "20"])
    taken = texts.with_catalog(Catalog(IdMap([10, 20]), names=["Ten", "Twenty"])).catalog
    assert taken is not None
    assert taken.name("10") == "Ten"
    assert not caplog.records
    texts.with_catalog(Catalog(IdMap(["x"]), names=["X"]))
    assert "knows none of the 2 items" in caplog.text
    numbers.with_catalog(Catalog(IdMap(["010", "020"])))
    assert "its ids are such as '010', theirs 10" in caplog.text
    assert texts.with_catalog(None).catalog is None


# --- what is refused ----------------------------------------------------------------------


def built(indptr: list[int], columns: list[int]) -> Interactions:
    csr = Csr(
        np.array(indptr, np.int64),
        np.array(columns, np.int32),
        np.ones(len(columns), np.float32),
        3,
    )
    return Interactions(csr, IdMap.range(len(indptr) - 1, "user"), IdMap.range(3))


@pytest.mark.parametrize(
    ("indptr", "columns"),
    [([0, 1, 2], [3, 0]), ([0, 1, 2], [-1, 0]), ([0, 1, 9], [0, 1]), ([0, 2, 1, 2], [0, 1])],
)
def test_rows_out_of_bounds_are_refused(indptr: list[int], columns: list[int]) -> None:
    with pytest.raises(DataError, match="must"):
        built(indptr, columns)


def test_codes_and_masks_that_do_not_fit() -> None:
    data = built([0, 1, 2], [2, 0])
    assert data.take_users([1, 0]).users.array.tolist() == [1, 0]  # type: ignore[arg-type]
    for codes in ([-1], [2], [True]):
        with pytest.raises(DataError):
            data.take_users(np.array(codes))
    with pytest.raises(DataError, match="mask of shape"):
        data.select(np.ones(5, dtype=np.bool_))


@pytest.mark.parametrize("minimum", [2.5, "3", None, True])
def test_invalid_minima(minimum: object) -> None:
    with pytest.raises(SettingsError, match="min_per_user must be a whole number"):
        built([0, 1, 2], [2, 0]).threshold(minimum)  # type: ignore[arg-type]


def test_other_than_catalogs_are_refused() -> None:
    with pytest.raises(DataError, match=r"got str: penchant\.read_catalog"):
        built([0, 1], [2]).with_catalog("artists.dat")  # type: ignore[arg-type]


# --- copies -------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_are_as_immutable(again: Callable[[Interactions], Interactions]) -> None:
    data = Interactions.from_scipy(np.eye(2, 3), ["u", "v"])
    held = data.by_item()
    made = again(data)
    assert made.by_item() is not held
    assert cells_of(made) == cells_of(data)
    assert made.users == data.users
    for array in (made.csr.values, made.csr.indices, made.users.array, made.items.array):
        assert not array.flags.writeable


# --- how they are shown -------------------------------------------------------------------


def test_a_notebook_shows_dates_and_what_all_values_are() -> None:
    data = Interactions.from_arrays([*"uv"], [*"ab"], timestamps=[1_735_690_101, 1_767_222_647])
    assert data.shape == (2, 2)
    shown = data._repr_html_()
    assert "2025-01-01 … 2025-12-31" in shown
    assert "all 1<" in shown
    steps = Interactions.from_arrays([*"uv"], [*"ab"], [1, 3], timestamps=[5, 7])._repr_html_()
    assert "5 … 7" in steps
    assert "1 … 3" in steps
