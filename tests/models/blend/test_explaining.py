"""Explanations of blends: the sums of those of the parts that answer, or an error that says why."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.blend.models import parts
from tests.models.contract import data

from penchant import Blend
from penchant.errors import UnsupportedError
from penchant.models.blend.explaining import scales

USERS = [f"u{number:04d}" for number in range(1, 12)]


@pytest.fixture(scope="module")
def blend() -> Blend:
    return Blend(parts(), weights={"als": 2, "near": 1}, fusion="top-mean").fit(data())


def test_the_contributions_of_all_items_add_up_to_the_scores(blend) -> None:
    for user in USERS:
        answer = blend.recommend(user, k=4)
        explained = [blend.explain(user, item).contributions.sum() for item in answer.ids]
        np.testing.assert_allclose(explained, answer.scores, rtol=1e-3, atol=1e-5)


def test_a_history_is_explained_as_well(blend) -> None:
    history = data().history(USERS[0])
    answer = blend.recommend(history=history, k=1)
    why = blend.explain(item=answer.ids[0], history=history)
    assert set(why.ids) == set(history)
    assert why.score == pytest.approx(answer.scores[0], rel=1e-3)


@pytest.mark.parametrize("fusion", ["z-score", "rank", "min-max", "top-mean"])
def test_a_part_that_answers_alone_explains(fusion) -> None:
    alone = Blend(parts(), weights={"near": 1}, chain=["near"], fusion=fusion).fit(data())
    own = alone.parts["near"].explain(USERS[0], "i0007")
    why = alone.explain(USERS[0], "i0007")
    np.testing.assert_array_equal(why.contributions, own.contributions)


@pytest.mark.parametrize("fusion", ["z-score", "rank", "min-max"])
def test_scores_that_are_no_sums_are_an_error_with_the_remedy(fusion) -> None:
    mixed = Blend(parts(), weights={"als": 2, "near": 1}, fusion=fusion).fit(data())
    with pytest.raises(UnsupportedError, match=f"{fusion}.*top-mean.*'als'"):
        mixed.explain(USERS[0], "i0007")


def test_a_part_that_does_not_explain_is_named() -> None:
    mixed = Blend(parts(), weights={"als": 2, "pop": 1}, fusion="top-mean").fit(data())
    with pytest.raises(UnsupportedError, match="Popularity"):
        mixed.explain(USERS[0], "i0007")


def test_a_part_whose_best_scores_are_negative_adds_nothing(blend) -> None:
    seen = data().csr.take_rows(np.array([0]))
    own = np.full((1, len(data().items)), -1.0, dtype=np.float32)
    other = np.full_like(own, 2.0)
    other[0, 3] = np.nan
    assert scales([1, 3], [own, other], seen, 5) == [0.0, pytest.approx(0.375)]
    assert scales([1, 3], [own, other], seen, 3) == [0.0, 0.0]
