"""The trainer uses only an engine's handles of rows and factors."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions
from tests.engines.fake import FakeEngine, Handle

from penchant import ALS, Features, HybridALS

SETTINGS = {"factors": 6, "iterations": 4, "alpha": 3.0, "threads": 2}


def with_features(data):
    items = Features.of({item: [f"kind {n % 3}"] for n, item in enumerate(data.items)})
    users = Features.of(
        {user: [f"group {n % 4}"] for n, user in enumerate(data.users)}, kind="user"
    )
    return data.with_item_features(items).with_user_features(users)


def assert_same(model, other) -> None:
    np.testing.assert_array_equal(model.user_factors, other.user_factors)
    np.testing.assert_array_equal(model.item_factors, other.item_factors)
    assert [epoch.loss for epoch in model.epochs] == [epoch.loss for epoch in other.epochs]
    assert model.loss() == other.loss()
    folded = (m.fold_in_users([list(m.items)[:3], []]) for m in (model, other))
    np.testing.assert_array_equal(*folded)


def test_handles_are_opaque() -> None:
    for name in ("__array__", "__len__", "__getitem__", "__iter__", "__dict__", "shape", "dtype"):
        assert not hasattr(Handle(), name)


@pytest.mark.parametrize("shape", [(60, 40), (40, 60)])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"solver": "exact"},
        {"solver": "cg", "dtype": "float64"},
        {"momentum": 0},
        {"confidence": "log", "regularization_scaling": 1.0},
    ],
)
@pytest.mark.parametrize("kind", [ALS, HybridALS])
def test_opaque_handles_give_the_same_factors(kind, changes, shape) -> None:
    data = with_features(random_interactions(*shape, seed=3, dislikes=0.1))
    local = kind(**SETTINGS, **changes).fit(data, track_loss=True)
    fake = kind(**SETTINGS, **changes).fit(data, track_loss=True, engine=FakeEngine())
    assert_same(fake, local)
    more = with_features(random_interactions(shape[0] + 5, shape[1] + 3, seed=4))
    assert_same(fake.partial_fit(more), local.partial_fit(more))


@pytest.mark.parametrize("kind", [ALS, HybridALS])
def test_snapshots_and_interruptions_with_opaque_handles(kind) -> None:
    data = with_features(random_interactions(50, 30, seed=1))
    models = [kind(**SETTINGS), kind(**SETTINGS)]
    snapshots = []
    for model, engine in zip(models, (FakeEngine(), None), strict=True):

        def interrupt(epoch, model=model):
            snapshots.append(model.snapshot())
            if epoch.number == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            model.fit(data, on_epoch=interrupt, engine=engine)
    assert_same(*models)
    for fake, local in zip(snapshots[:2], snapshots[2:], strict=True):
        assert_same(fake, local)
