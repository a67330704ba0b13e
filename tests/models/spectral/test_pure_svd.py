"""PureSVD: its scores, compared with the dense SVD."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant import PureSVD
from penchant.errors import DataError, SettingsError

INPUTS = {
    "binary": np.sign,
    "linear": lambda X: X,
    "log": lambda X: np.sign(X) * np.log1p(np.abs(X)),
}


@pytest.fixture
def data() -> penchant.Interactions:
    return random_interactions(40, 25, density=0.3, seed=4, dislikes=0.2)


@pytest.mark.parametrize("confidence", INPUTS)
def test_scores_are_the_truncated_svd(data, confidence) -> None:
    model = PureSVD(factors=6, confidence=confidence).fit(data)
    X = INPUTS[confidence](data.to_scipy().toarray().astype(np.float64))
    U, values, Vt = np.linalg.svd(X)
    expected = (U[:, :6] * values[:6]) @ Vt[:6]
    np.testing.assert_allclose(model.singular_values, values[:6], rtol=1e-5)
    mine = [model.scores(user, list(data.items)) for user in data.users]
    np.testing.assert_allclose(mine, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_vectors_of_users_and_items(data) -> None:
    model = PureSVD(factors=6).fit(data)
    V = model.item_factors
    assert V.shape == (25, 6)
    assert V.dtype == np.float32
    np.testing.assert_allclose(V.T @ V, np.eye(6), atol=1e-5)
    assert (V[np.abs(V).argmax(axis=0), np.arange(6)] > 0).all()
    X = np.sign(data.to_scipy().toarray())
    np.testing.assert_allclose(model.user_factors, X @ V, rtol=1e-4, atol=1e-5)


def test_histories_are_projected(data) -> None:
    model = PureSVD(factors=6).fit(data)
    folded = model.fold_in_users([data.history("u0003"), ["i0001"]])
    np.testing.assert_array_equal(folded[0], model.user_factors[3])
    np.testing.assert_array_equal(folded[1], model.item_factors[1])
    np.testing.assert_array_equal(model.fold_in_users(data), model.user_factors)
    with pytest.raises(DataError, match="items"):
        model.fold_in_users(random_interactions(4, 5))


def test_the_result_does_not_depend_on_threads(data) -> None:
    first = PureSVD(factors=6, threads=1).fit(data)
    for threads in (2, 3):
        again = PureSVD(factors=6, threads=threads).fit(data)
        np.testing.assert_array_equal(again.item_factors, first.item_factors)
        np.testing.assert_array_equal(again.user_factors, first.user_factors)


def test_more_factors_than_users_or_items(data) -> None:
    model = PureSVD(factors=500).fit(data)
    assert model.item_factors.shape == (25, 25)
    X = np.sign(data.to_scipy().toarray())
    np.testing.assert_allclose(model.scores("u0002", list(data.items)), X[2], atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factors": 0}, "factors must be 1 or more"),
        ({"confidence": "squared"}, "confidence must be one of"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_settings_out_of_range(settings, message) -> None:
    with pytest.raises(SettingsError, match=message):
        PureSVD(**settings)


def test_the_fit_tells_the_number_of_factors(data, tmp_path) -> None:
    model = PureSVD().fit(data)
    assert model.training == {"factors": 12}  # by the rule: there are few users
    assert model.item_factors.shape[1] == 12
    assert penchant.load(model.save(tmp_path / "x.penchant")).training == model.training
    assert PureSVD(factors=500).fit(data).training == {"factors": 25}
