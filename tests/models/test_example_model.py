"""The model of docs/add-a-model.md under the contract of all models."""

from __future__ import annotations

import pytest
from examples.approval_model import Approval
from tests.models.contract import ModelContract, data

import penchant
from penchant import models


class TestApproval(ModelContract):
    explains = False

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch):
        monkeypatch.setitem(models._CLASSES, "approval", ("examples.approval_model", "Approval"))

    @pytest.fixture
    def make(self):
        return Approval


def test_shares_of_likes() -> None:
    log = [("u", "a", 1), ("v", "a", -1), ("u", "b", 2), ("v", "b", 1), ("u", "c", -1)]
    likes = penchant.read_interactions(log)
    answer = Approval(prior=1.0).fit(likes).recommend("u", exclude_seen=False)
    assert dict(zip(answer.ids, answer.scores.tolist(), strict=True)) == pytest.approx(
        {"b": 2 / 3, "a": 1 / 3, "c": 0}
    )


def test_a_larger_prior_prefers_items_with_more_likes() -> None:
    small, large = (Approval(prior=prior).fit(data()) for prior in (0.01, 1000.0))
    assert list(small.recommend("u0001").ids) != list(large.recommend("u0001").ids)
