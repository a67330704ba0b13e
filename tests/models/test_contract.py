"""Every model under the one contract."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.contract import ModelContract, data

from penchant import (
    ALS,
    EASE,
    SLIM,
    Blend,
    Content,
    Features,
    GraphFilter,
    HybridALS,
    ItemNeighbors,
    Popularity,
    PureSVD,
    Random,
    Ranking,
    UserNeighbors,
)
from penchant.errors import DataError, SettingsError
from penchant.split import leave_k_out


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


class TestHybridALSWithoutFeatures(ModelContract):
    has_user_vectors = True

    @pytest.fixture
    def make(self):
        return lambda: HybridALS(factors=6, iterations=4, alpha=4.0, seed=1)


class TestContent(ModelContract):
    @pytest.fixture(params=[0.0, 0.95], ids=["dense", "sparse"])
    def make(self, request):
        rng = np.random.default_rng(5)
        vectors = rng.normal(size=(60, 40)) * (rng.random((60, 40)) >= request.param)
        vectors[:, 0] += 0.1  # no user has the zero vector
        features = Features.dense([f"i{code:04d}" for code in range(60)], vectors)
        return lambda: Content(features, confidence="log")


class TestPopularity(ModelContract):
    explains = False

    @pytest.fixture(params=[{}, {"since": 30}, {"since": "40s", "half_life": "20s"}])
    def make(self, request):
        return lambda: Popularity(**request.param)


class TestALSWithShares(ModelContract):
    has_user_vectors = True

    @pytest.fixture(params=[3.0, 40.0])
    def make(self, request):
        return lambda: ALS(factors=5, iterations=3, unobserved_share=request.param)


AGED = {
    "als": lambda: ALS(factors=5, iterations=3, half_life=20.0),
    "hybrid-als": lambda: HybridALS(factors=5, iterations=3, half_life=20.0),
    "ease": lambda: EASE(half_life="20s", dropout=0.2, neighbors=9),
    "slim": lambda: SLIM(l1=0.1, l2=5.0, half_life=20.0, neighbors=9),
    "graph-filter": lambda: GraphFilter(factors=7, half_life=20.0),
    "pure-svd": lambda: PureSVD(factors=5, half_life=20.0),
    "item-neighbors": lambda: ItemNeighbors(neighbors=9, half_life=20.0),
    "user-neighbors": lambda: UserNeighbors(neighbors=9, half_life=20.0),
}


class TestHalfLife(ModelContract):
    folds_in_exactly = False  # a history without times is new

    @pytest.fixture(params=AGED)
    def make(self, request):
        return AGED[request.param]

    def test_similar_users_or_an_error_that_says_why_not(self, model) -> None:
        """Tested for the same models without a half-life."""

    def test_a_timed_history_gives_the_users_recommendations(self, model) -> None:
        """The history of a known user, with its times, gives the user's own list."""
        rows = data().csr.take_rows(np.array([5]))
        entries = zip(rows.indices, rows.values, rows.times, strict=True)
        history = {data().items[int(i)]: (float(v), int(t)) for i, v, t in entries}
        own, told = model.recommend(data().users[5], k=5), model.recommend(history=history, k=5)
        np.testing.assert_allclose(own.scores, told.scores, rtol=2e-3, atol=1e-5)


class TestRandom(ModelContract):
    explains = False
    folds_in_exactly = False  # a user's order is by the id, that of a history by its items

    @pytest.fixture
    def make(self):
        return lambda: Random(seed=1)


class TestItemNeighbors(ModelContract):
    @pytest.fixture(params=[("cosine", 0), ("tfidf", 3), ("bm25", 0)])
    def make(self, request):
        similarity, shrinkage = request.param
        return lambda: ItemNeighbors(
            similarity=similarity, neighbors=10, shrinkage=float(shrinkage)
        )


class TestAllItemNeighbors(ModelContract):
    @pytest.fixture(params=[("cosine", "linear"), ("jaccard", "binary"), ("rp3beta", "log")])
    def make(self, request):
        similarity, confidence = request.param
        return lambda: ItemNeighbors(similarity=similarity, confidence=confidence, neighbors=None)


class TestUserNeighbors(ModelContract):
    has_user_vectors = True

    @pytest.fixture(params=[("cosine", 10), ("jaccard", 10), ("p3alpha", None)])
    def make(self, request):
        similarity, neighbors = request.param
        return lambda: UserNeighbors(similarity=similarity, neighbors=neighbors)


class TestEASE(ModelContract):
    @pytest.fixture(
        params=[
            {},
            {"confidence": "linear"},
            {"confidence": "log", "dropout": 0.3},
            {"neighbors": 9, "dropout": 0.1},
        ],
        ids=["binary", "linear", "dropout", "neighbors"],
    )
    def make(self, request):
        return lambda: EASE(regularization=20.0, **request.param)


class TestSLIM(ModelContract):
    @pytest.fixture(
        params=[
            {},
            {"nonnegative": False, "confidence": "linear"},
            {"neighbors": 7, "confidence": "log"},
        ],
        ids=["nonnegative", "signed", "neighbors"],
    )
    def make(self, request):
        return lambda: SLIM(**{"l1": 0.1, "l2": 5.0, **request.param})


class TestGraphFilter(ModelContract):
    @pytest.fixture(
        params=[
            {},
            {"low_pass": 0.0},
            {"low_pass": 1.0, "spectral_exponent": 1.0},
            {"signal": "normalized", "item_exponent": 0.3, "confidence": "log"},
            {"sharpening": 1.5, "sharpening_steps": 2, "confidence": "linear"},
        ],
        ids=["gf-cf", "graph", "low-pass", "normalized", "sharpened"],
    )
    def make(self, request):
        return lambda: GraphFilter(**{"factors": 7, **request.param})


class TestPureSVD(ModelContract):
    has_user_vectors = True

    @pytest.fixture(params=["binary", "linear", "log"])
    def make(self, request):
        return lambda: PureSVD(factors=6, confidence=request.param)


class TestRanking(ModelContract):
    has_user_vectors = True
    explains = False
    folds_in_exactly = False

    @pytest.fixture(
        params=[
            {"loss": "warp"},
            {"loss": "bpr", "half_life": 20.0},
            {"loss": "logistic", "negatives": 3},
            {"loss": "k-os-warp"},
        ]
    )
    def make(self, request):
        return lambda: Ranking(factors=6, iterations=4, seed=1, **request.param)


class TestRankingByAdaDelta(ModelContract):
    has_user_vectors = True
    explains = False
    folds_in_exactly = False

    @pytest.fixture
    def make(self):
        return lambda: Ranking(
            schedule="adadelta", confidence="log", factors=5, iterations=3, item_regularization=1e-3
        )


@pytest.mark.parametrize(
    "kind",
    [
        ALS,
        EASE,
        SLIM,
        Blend,
        Content,
        GraphFilter,
        HybridALS,
        Popularity,
        PureSVD,
        Random,
        ItemNeighbors,
        Ranking,
        UserNeighbors,
    ],
)
def test_other_arguments_than_interactions_are_refused(kind):
    with pytest.raises(
        DataError, match=rf"{kind.__name__}\.fit needs .*got csr_array: penchant\.read"
    ):
        kind().fit(data().to_scipy())
    with pytest.raises(DataError, match=r"got Split: pass its \.train"):
        kind().fit(leave_k_out(data(), 1))


def test_length_normalization_out_of_range():
    with pytest.raises(SettingsError, match="b must be a finite number of 0 or more and 1 or less"):
        ItemNeighbors(similarity="bm25", b=5)
