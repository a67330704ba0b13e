"""Every model under the one contract."""

from __future__ import annotations

import pytest
from tests.models.contract import ModelContract

from tacit import ALS, ItemNeighbours, Popularity


class TestALS(ModelContract):
    has_user_vectors = True

    @pytest.fixture(params=["exact", "cg", "auto"])
    def make(self, request):
        return lambda: ALS(factors=6, iterations=4, alpha=4.0, solver=request.param, seed=1)


class TestALSInDouble(ModelContract):
    has_user_vectors = True

    @pytest.fixture
    def make(self):
        return lambda: ALS(
            factors=5, iterations=3, dtype="float64", regularization=(0.1, 0.2), confidence="log"
        )


class TestPopularity(ModelContract):
    explains = False

    @pytest.fixture
    def make(self):
        return Popularity


class TestItemNeighbours(ModelContract):
    @pytest.fixture(params=["cosine", "tfidf", "bm25"])
    def make(self, request):
        return lambda: ItemNeighbours(similarity=request.param, neighbours=10)
