"""The class structure of models: one line to Model, and capabilities that are declared."""

from __future__ import annotations

import pytest
from tests.conftest import random_interactions

import penchant
from penchant import ALS, HybridALS
from penchant.errors import UnsupportedError
from penchant.models import class_of, kinds
from penchant.models._request import RecommendRequest
from penchant.models.base import Model
from penchant.models.capabilities import (
    Explains,
    FoldsInUsers,
    HasFeatureVectors,
    HasItemVectors,
    HasUserVectors,
    ReportsSteps,
    TrainsInEpochs,
)
from penchant.models.cold_start import ColdStartModel

CAPABILITIES = {
    "als": {HasItemVectors, HasUserVectors, FoldsInUsers, Explains, TrainsInEpochs},
    "blend": {ColdStartModel},
    "content": {HasItemVectors, Explains, ColdStartModel},
    "ease": {Explains, ReportsSteps},
    "graph-filter": {Explains},
    "hybrid-als": {
        HasItemVectors, HasUserVectors, HasFeatureVectors, FoldsInUsers, Explains, TrainsInEpochs,
        ColdStartModel,
    },
    "item-neighbors": {Explains},
    "popularity": set(),
    "pure-svd": {HasItemVectors, HasUserVectors, FoldsInUsers, Explains},
    "random": set(),
    "ranking": {
        HasItemVectors, HasUserVectors, HasFeatureVectors, FoldsInUsers, TrainsInEpochs,
        ColdStartModel,
    },
    "slim": {Explains, ReportsSteps},
    "user-neighbors": {Explains},
}  # fmt: skip


@pytest.mark.parametrize("kind", kinds())
def test_a_class_derives_from_a_single_model(kind) -> None:
    for cls in class_of(kind).__mro__:
        assert sum(issubclass(base, Model) for base in cls.__bases__) <= 1, cls


@pytest.mark.parametrize("kind", kinds())
def test_capabilities_are_declared(kind) -> None:
    everything = set().union(*CAPABILITIES.values())
    declared = {capability for capability in everything if issubclass(class_of(kind), capability)}
    assert declared == CAPABILITIES[kind]
    assert not any(issubclass(capability, Model) for capability in everything)


def test_the_hybrid_is_a_sibling_of_als() -> None:
    assert not issubclass(HybridALS, ALS)
    assert list(HybridALS.declarations) == [*ALS.declarations, "feature_regularization"]


@pytest.mark.parametrize(
    "features", [{"user_features": ["tall"]}, {"item_features": {"new": ["tall"]}}]
)
def test_features_are_refused_by_models_that_take_none(features) -> None:
    model = penchant.Popularity().fit(random_interactions(8, 6))
    with pytest.raises(UnsupportedError, match="takes no features"):
        model.answer(RecommendRequest(users="u0001", **features))
