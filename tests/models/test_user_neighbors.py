"""User neighbors: who they are, and new users."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import UserNeighbors
from penchant.models.neighbors.twins import TwinIndex

LIKES = np.array(
    [
        [1, 1, 0, 0, 0],  # ann
        [1, 1, 1, 0, 0],  # bob has two in common with ann
        [1, 0, 0, 1, 0],  # cy has one
        [0, 0, 0, 1, 1],  # dee has none
        [1, 1, 0, 0, 0],  # eve has the same as ann
    ],
    dtype=np.float32,
)


def small() -> penchant.Interactions:
    users = ["ann", "bob", "cy", "dee", "eve"]
    return penchant.Interactions.from_scipy(LIKES, user_ids=users, item_ids=list("abcde"))


def test_scores_are_sums_of_similarities() -> None:
    model = UserNeighbors(similarity="cosine").fit(small())
    answer = model.recommend("ann", k=3)
    assert list(answer.ids) == ["c", "d", "e"]
    np.testing.assert_allclose(answer.scores, [2 / np.sqrt(6), 1 / 2, 0], rtol=1e-6)


def test_the_nearest_users_alone_are_asked() -> None:
    answer = UserNeighbors(similarity="cosine", neighbors=1).fit(small()).recommend("ann", k=3)
    np.testing.assert_allclose(answer.scores, [2 / np.sqrt(6), 0, 0], rtol=1e-6)


def test_a_user_with_the_same_history_takes_no_place_of_a_neighbor() -> None:
    model = UserNeighbors(similarity="cosine", neighbors=2).fit(small())
    known = model.recommend("ann", k=3)
    new = model.recommend(history=["a", "b"], k=3)
    assert list(new.ids) == list(known.ids)
    np.testing.assert_array_equal(new.scores, known.scores)


def test_similar_users_are_ranked_by_the_same_similarity() -> None:
    answer = UserNeighbors(similarity="cosine").fit(small()).similar_users("ann", k=3)
    assert list(answer.ids) == ["eve", "bob", "cy"]
    np.testing.assert_allclose(answer.scores, [1, 2 / np.sqrt(6), 1 / 2], rtol=1e-6)


def test_similar_items_are_what_users_with_the_item_have() -> None:
    answer = UserNeighbors(similarity="cosine", neighbors=None).fit(small()).similar_items("d", k=1)
    assert list(answer.ids) in (["a"], ["e"])


@pytest.mark.parametrize("neighbors", [5, None])
def test_a_saved_model_knows_neighbors_of_new_users(neighbors, tmp_path) -> None:
    data = random_interactions(40, 30, seed=2)
    model = UserNeighbors(similarity="rp3beta", neighbors=neighbors).fit(data)
    back = penchant.load(model.save(tmp_path / "model.penchant"))
    for history in ({"i0003": 2.0, "i0007": 1.0}, data.history("u0004")):
        expected = model.recommend(history=history, k=5)
        answer = back.recommend(history=history, k=5)
        assert list(answer.ids) == list(expected.ids)
        np.testing.assert_array_equal(answer.scores, expected.scores)


def test_twins_have_the_same_entries_and_values() -> None:
    matrix = small().csr
    twins = TwinIndex(matrix).twins_of(matrix)
    assert [twins.row(row).indices.tolist() for row in range(5)] == [[0, 4], [1], [2], [3], [0, 4]]
    doubled = matrix.row(0)
    doubled.values[:] = 2
    assert TwinIndex(matrix).twins_of(doubled).nnz == 0
