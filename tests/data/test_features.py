"""Features: made, aligned with a data set's ids, kept by its views."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import random_interactions

import penchant
from penchant.data.features import Features
from penchant.data.ids import IdMap
from penchant.errors import DataError, SettingsError, UnknownIdError

TAGS = {"a": ["rock", "pop"], "b": {"jazz": 2.0}, "c": [], "d": ["rock"]}


def dense(csr: penchant.data.csr.Csr) -> np.ndarray:
    out = np.zeros((csr.n_rows, csr.n_columns), dtype=np.float32)
    out[csr.row_of_entry, csr.indices] = csr.values
    return out


def test_features_from_mappings() -> None:
    features = Features.of(TAGS)
    assert list(features.names) == ["jazz", "pop", "rock"]
    np.testing.assert_array_equal(
        dense(features.weights), [[0, 1, 1], [2, 0, 0], [0, 0, 0], [0, 0, 1]]
    )
    assert features.row("b") == {"jazz": 2.0}
    with pytest.raises(UnknownIdError, match="unknown item 'z'"):
        features.row("z")


def test_aligned_rows_of_unknown_ids_are_empty() -> None:
    features = Features.of(TAGS)
    ids = IdMap(["d", "x", "b"])
    np.testing.assert_array_equal(dense(features.aligned(ids)), [[0, 0, 1], [0, 0, 0], [2, 0, 0]])
    assert features.missing(ids) == 1


@given(st.lists(st.sampled_from("abcdxyz"), unique=True))
def test_an_aligned_row_is_the_row_of_its_id(ids: list[str]) -> None:
    features = Features.of(TAGS)
    rows = features.aligned(IdMap(ids))
    for row, one in zip(dense(rows), ids, strict=True):
        known = features.row(one) if one in features.ids else {}
        assert {features.names[c]: row[c] for c in np.flatnonzero(row)} == known


def test_identity_adds_a_feature_per_id() -> None:
    rows = Features.of(TAGS).with_identity().aligned(IdMap(["d", "x", "b"]))
    np.testing.assert_array_equal(dense(rows)[:, :3], [[0, 0, 1], [0, 0, 0], [2, 0, 0]])
    np.testing.assert_array_equal(dense(rows)[:, 3:], np.eye(3))


@pytest.mark.parametrize(("norm", "length"), [("l1", 1), ("l2", 2)])
def test_norms_include_the_identity(norm: str, length: int) -> None:
    features = Features.of(TAGS).with_identity().normalized(norm)  # type: ignore[arg-type]
    found = np.linalg.norm(dense(features.aligned(features.ids)), ord=length, axis=1)
    np.testing.assert_allclose(found, 1, rtol=1e-6)


def test_empty_rows_are_not_divided_by_zero() -> None:
    rows = Features.of(TAGS).normalized().aligned(IdMap(["c", "a"]))
    np.testing.assert_array_equal(dense(rows), [[0, 0, 0], [0, 0.5, 0.5]])


def test_unknown_features_are_counted_and_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    features = Features.of(TAGS).with_identity()
    with caplog.at_level(logging.WARNING, "penchant"):
        rows = features.rows_of([["rock", "polka"], {"jazz": 3, "ska": 1, "polka": 1}])
    np.testing.assert_array_equal(dense(rows), [[0, 0, 1], [3, 0, 0]])
    assert "2 unknown features are ignored: 'polka', 'ska'" in caplog.text


def test_rare_features_can_be_left_out() -> None:
    features = Features.of(TAGS).at_least(2)
    assert list(features.names) == ["rock"]
    np.testing.assert_array_equal(dense(features.weights), [[1], [0], [0], [1]])


def test_vectors_become_rows() -> None:
    vectors = np.array([[0.5, 0.0], [0.0, -2.0]])
    features = Features.dense(["a", "b"], vectors)
    assert list(features.names) == [0, 1]
    np.testing.assert_array_equal(dense(features.aligned(IdMap(["b", "a"]))), vectors[::-1])


@pytest.mark.parametrize(
    "vectors",
    [np.zeros(3), np.zeros((3, 2)), [["a", "b"]], [[np.nan, 1], [0, 0]], [[1e39, 1], [0, 0]]],
)
def test_vectors_that_do_not_fit_are_refused(vectors: object) -> None:
    with pytest.raises(DataError):
        Features.dense(["a", "b"], vectors)  # type: ignore[arg-type]


@pytest.mark.parametrize("row", ["rock", 3, {"rock": np.nan}, {"rock": "much"}, {"rock": np.inf}])
def test_invalid_rows_are_refused(row: object) -> None:
    with pytest.raises(DataError):
        Features.of({"a": row})  # type: ignore[dict-item]
    with pytest.raises(DataError):
        Features.of(TAGS).rows_of([row])  # type: ignore[list-item]


def test_unknown_norms_are_refused() -> None:
    with pytest.raises(SettingsError, match="norm must be one of"):
        Features.of(TAGS).normalized("l3")  # type: ignore[arg-type]


# --- on a data set ----------------------------------------------------------------------


def test_features_stay_on_the_views_of_a_data_set() -> None:
    data = random_interactions(30, 12, density=0.6)
    items = Features.of({item: [f"t{n % 3}"] for n, item in enumerate(data.items)})
    users = Features.of({user: ["u"] for user in data.users}, kind="user")
    told = data.with_item_features(items).with_user_features(users)
    part = penchant.split.leave_k_out(told.threshold(3, 5), 1)
    for one in (part.train, part.test, told.take_users(np.array([3, 1])), told.drop_empty()):
        assert one.item_features is items
        assert one.user_features is users
    assert data.item_features is None


def test_integer_and_text_ids_are_matched() -> None:
    data = penchant.Interactions.from_scipy(np.eye(3), item_ids=[7, 8, 9])
    told = data.with_item_features(Features.of({"9": ["x"], "7": ["y"]}))
    assert told.item_features is not None
    assert told.item_features.missing(told.items) == 1


def test_features_of_unknown_ids_are_taken_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    data = random_interactions(3, 3)
    data.with_item_features(Features.of(TAGS))
    assert "the features are of none of the 3 items" in caplog.text


def test_items_without_interactions_can_be_added() -> None:
    data = random_interactions(6, 4)
    more = data.with_items(["i0002", "new", "newer"])
    assert list(more.items) == [*data.items, "new", "newer"]
    assert more.history("u0001") == data.history("u0001")
    assert more.by_item().row_counts.tolist() == [*data.by_item().row_counts, 0, 0]
    assert more.drop_empty().n_items <= 4
    with pytest.raises(DataError, match="all strings or all integers"):
        data.with_items([7])


def test_other_than_features_are_refused() -> None:
    with pytest.raises(DataError, match="features are needed, got dict"):
        random_interactions(3, 3).with_item_features(TAGS)  # type: ignore[arg-type]


def test_features_are_saved_with_a_model(tmp_path: pytest.TempPathFactory) -> None:
    data = random_interactions(20, 8)
    items = Features.of({item: {"x": 0.5, f"t{n}": 1} for n, item in enumerate(data.items)})
    users = Features.dense(data.users, np.arange(40.0).reshape(20, 2), kind="user")
    data = data.with_item_features(items.with_identity().normalized("l2")).with_user_features(users)
    model = penchant.Popularity().fit(data)
    found = penchant.load(model.save(f"{tmp_path}/m.penchant")).interactions
    for name in ("item_features", "user_features"):
        one, other = getattr(found, name), getattr(data, name)
        assert (one.ids, one.names) == (other.ids, other.names)
        assert (one.identity, one.norm, one.ids.kind) == (
            other.identity, other.norm, other.ids.kind,
        )  # fmt: skip
        np.testing.assert_array_equal(dense(one.aligned(one.ids)), dense(other.aligned(other.ids)))
