"""The model of docs/add-a-model.md under the contract of all models."""

from __future__ import annotations

import pytest
from examples.random_model import Random
from tests.models.contract import ModelContract, data

from penchant import models


class TestRandom(ModelContract):
    explains = False

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch):
        monkeypatch.setitem(models._CLASSES, "random", ("examples.random_model", "Random"))

    @pytest.fixture
    def make(self):
        return Random


def test_seeds_give_different_orders() -> None:
    first, second = (Random(seed=seed).fit(data()) for seed in (0, 1))
    assert list(first.recommend("u0001").ids) != list(second.recommend("u0001").ids)
