"""Evaluation over the candidate items of a split."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.evaluation.test_evaluate import FakeModel, split_of

import penchant
from penchant.split import cold_items

# two users, five items; items 1 and 4 are new, and the model likes the known ones best
SPLIT = dataclasses.replace(
    split_of([{0: 1.0, 2: 1.0}, {3: 1.0}], [{4: 1.0}, {1: 1.0}], 5), candidates=np.array([1, 4])
)
MODEL = FakeModel([[9, 1, 8, 7, 2], [9, 1, 8, 7, 2]])


@pytest.mark.parametrize("blocks", [False, True])
def test_only_candidates_compete(blocks) -> None:
    model = FakeModel(MODEL.scores, blocks)
    found = penchant.evaluate(model, SPLIT, k=1, metrics=["precision", "auc"], bootstrap=0)
    assert found["precision@1"] == 0.5  # right for the first user, wrong for the second
    assert found["auc"] == 0.5
    everything = dataclasses.replace(SPLIT, candidates=None)
    assert (
        penchant.evaluate(model, everything, k=1, metrics="precision", bootstrap=0)["precision"]
        == 0
    )


def test_training_likes_are_measured_over_all_items() -> None:
    found = penchant.evaluate(MODEL, SPLIT, k=1, metrics="precision", on="train", bootstrap=0)
    assert found["precision@1"] == 0.5


def test_a_model_that_cannot_score_cold_items_recommends_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = random_interactions(40, 20)
    split = cold_items(data, 0.3)
    model = penchant.Popularity().fit(split.train)
    with caplog.at_level(logging.WARNING, "penchant"):
        found = penchant.evaluate(model, split, metrics=["hit_rate", "ndcg"], bootstrap=0)
    assert set(found.figures.values()) == {0.0}
    assert "Popularity can't score cold items" in caplog.text
