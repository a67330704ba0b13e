"""Results are finite and right to float32, or an error says what to do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.conftest import random_interactions

import penchant
from penchant.engines.wide_rows import RATIO, wide_rows
from penchant.errors import NumericError, PenchantError

MODELS = {
    "als": lambda: penchant.ALS(factors=8, iterations=3),
    "als-64": lambda: penchant.ALS(factors=8, iterations=3, dtype="float64"),
    "hybrid": lambda: penchant.HybridALS(factors=8, iterations=3),
    "ranking": lambda: penchant.Ranking(factors=8, iterations=3, confidence="linear"),
    "ease": lambda: penchant.EASE(confidence="linear"),
    "slim": lambda: penchant.SLIM(confidence="linear"),
    "svd": lambda: penchant.PureSVD(factors=4, confidence="linear"),
    "graph": lambda: penchant.GraphFilter(factors=4, confidence="linear"),
    "neighbors": lambda: penchant.ItemNeighbors(),
    "bm25": lambda: penchant.ItemNeighbors(similarity="bm25"),
    "users": lambda: penchant.UserNeighbors(),
    "popularity": lambda: penchant.Popularity(),
    "random": lambda: penchant.Random(),
    "content": lambda: penchant.Content(confidence="linear"),
    "blend": lambda: penchant.Blend(
        {"near": penchant.ItemNeighbors(), "popular": penchant.Popularity()}
    ),
}

PAPER = {"confidence": "linear", "alpha": 1.0, "regularization": 0.01}


def spread_values(largest: float, *, density: float = 0.3, seed: int = 0) -> penchant.Interactions:
    """Values spread evenly on a logarithmic scale from 1 to ``largest``."""
    rng = np.random.default_rng(seed)
    values = largest ** rng.random((300, 200)) * (rng.random((300, 200)) < density)
    return penchant.Interactions.from_scipy(values)


def rich(data: penchant.Interactions) -> penchant.Interactions:
    return data.with_item_features(
        penchant.Features.of({item: [str(item)[-1]] for item in data.items})
    )


@pytest.mark.parametrize("size", [1e-38, 1e6, 1e15, 1e30, 3e38])
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_answers_are_finite_or_an_error(kind: str, size: float) -> None:
    dense = (random_interactions(40, 30).to_scipy().toarray() > 0) * np.float64(size)
    data = rich(penchant.Interactions.from_scipy(dense))
    try:
        model = MODELS[kind]().fit(data)
        answers = [
            model.recommend([0, 1, 2], k=5),
            model.recommend(history={0: size, 3: size}, k=5),
            model.similar_items([0, 1], k=3, metric="dot"),
        ]
        scores = [model.scores(0, [1, 2, 3]), *(answer.scores for answer in answers)]
    except PenchantError:
        return
    assert all(np.isfinite(part).all() for part in scores)
    for answer in answers:
        json.loads(answer.to_json(), parse_constant=lambda name: pytest.fail(name))


def test_the_message_says_what_to_do() -> None:
    dense = np.full((6, 5), 3e38)
    dense[0, 4] = 0
    data = penchant.Interactions.from_scipy(dense)
    model = penchant.ItemNeighbors(confidence="linear").fit(data)
    with pytest.raises(NumericError, match=r"go up to 3e\+38: divide them by their mean"):
        model.recommend(0, k=3)


@pytest.mark.parametrize("kind", MODELS)
def test_every_fit_ends_with_the_check(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, model = rich(random_interactions(12, 9)), MODELS[kind]()
    monkeypatch.setattr(
        type(model), "_arrays", lambda _: {"numbers": np.array([1.0, np.nan], np.float32)}
    )
    with pytest.raises(NumericError, match="numbers holds nan"):
        model.fit(data)
    with pytest.raises(penchant.errors.NotFittedError):
        model.recommend("u0001")


# --- rows of wide range -----------------------------------------------------------------


@pytest.mark.parametrize("solver", ["exact", "cg"])
@pytest.mark.parametrize("density", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("largest", [1e6, 1e8])
def test_values_spread_over_orders_of_magnitude_are_solved(
    largest: float, density: float, solver: str
) -> None:
    """At 10⁶ the scores of known users were off by up to 0.03."""
    data = spread_values(largest, density=density)
    model = penchant.ALS(
        factors=64, iterations=3, solver=solver, confidence="linear", alpha=1, regularization=0.01
    ).fit(data)
    exact = least_squares(model, data)
    found = model.user_factors.astype(np.float64) @ model.item_factors.T
    assert np.abs(found - exact @ model.item_factors.T).max() < 1e-3
    again = model.fold_in_users([data.history(user) for user in list(data.users)[:20]])
    np.testing.assert_allclose(again @ model.item_factors.T, found[:20], atol=1e-3)


def least_squares(model: penchant.ALS, data: penchant.Interactions) -> np.ndarray:
    """The vectors of users by the formula of the paper, row by row in float64."""
    Y = model.item_factors.astype(np.float64)
    G = Y.T @ Y + model.regularization * np.eye(Y.shape[1])
    rows = []
    for user in data.users:
        history = data.history(user)
        y, r = Y[data.items.codes(history)], np.array(list(history.values()))
        rows.append(np.linalg.solve(G + (y.T * r) @ y, y.T @ (1 + r)) if len(r) else 0 * Y[0])
    return np.array(rows)


@pytest.mark.parametrize(("dtype", "largest"), [("float32", 1e12), ("float64", 1e15)])
@pytest.mark.parametrize("size", [1.0, 1e8, 1e18])
def test_values_of_too_wide_a_range_are_refused(dtype: str, largest: float, size: float) -> None:
    """With values of 10³⁰ and 1, the score of a user with the values 4 and 2 was 2·10¹³."""
    dense = np.array([[3.0, 3.0, 0.0], [3.0, 0.0, 0.0], [4 / largest, 0.0, 2 / largest]]) * largest
    data = penchant.Interactions.from_scipy(dense * size)
    with pytest.raises(NumericError, match=rf"factors of {dtype} can solve .* divide them by"):
        penchant.ALS(factors=8, **PAPER | {"dtype": dtype}).fit(data)
    by_log = penchant.ALS(factors=8, dtype=dtype, confidence="log").fit(data)  # type: ignore[arg-type]
    assert np.abs(by_log.scores(2, [0, 1, 2])).max() < 2


@pytest.mark.parametrize(("dtype", "largest"), [("float32", 1e10), ("float64", 1e13)])
@pytest.mark.parametrize("density", [0.05, 0.3])
def test_values_within_the_range_are_solved(dtype: str, largest: float, density: float) -> None:
    data = spread_values(largest, density=density)
    model = penchant.ALS(factors=8, iterations=3, **PAPER | {"dtype": dtype}).fit(data)
    Y = model.item_factors.astype(np.longdouble)
    found = model.user_factors.astype(np.longdouble) @ Y.T
    # a gap of the loss per user, relative to that of its likes at zero
    for user in list(data.users)[:50]:
        history = data.history(user)
        codes, c = data.items.codes(history), np.array(list(history.values()), np.longdouble)
        x = model.user_factors[user].astype(np.longdouble)
        gradient = found[user] @ Y + model.regularization * x
        gradient += (c * (found[user][codes] - 1) - 1) @ Y[codes]
        hessian = Y.T @ Y + model.regularization * np.eye(8) + (Y[codes].T * c) @ Y[codes]
        step = np.linalg.solve(hessian.astype(np.float64), gradient.astype(np.float64))
        assert np.abs(Y @ step).max() < 1e-3


def test_ordinary_data_have_no_wide_rows() -> None:
    rows = random_interactions(40, 30).csr
    penalties = np.full(rows.n_rows, 0.01)
    assert not len(wide_rows(rows, penalties, 1.0, 2))
    wide = spread_values(10 * RATIO, density=0.02).csr
    found = wide_rows(wide, np.full(wide.n_rows, 0.01), 1.0, 3)
    largest = [wide.row(row).values.max(initial=0) for row in range(wide.n_rows)]
    expected = (np.array(largest) > RATIO * 1.01) & (wide.row_counts >= 3)
    assert found.tolist() == np.flatnonzero(expected).tolist()


def test_a_training_that_diverges_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from penchant.models.als.trainer import Trainer

    data = spread_values(1e9)
    model = penchant.ALS(factors=8, iterations=2, confidence="linear", alpha=1)
    monkeypatch.setattr(Trainer, "loss", lambda _: 1e146)
    with pytest.raises(NumericError, match=r"diverged: the loss is 1e\+146"):
        model.fit(data)
    monkeypatch.setattr(Trainer, "loss", lambda _: float("nan"))
    with pytest.raises(NumericError, match="diverged"):
        model.with_settings().fit(data)
    penchant.ALS(factors=8, iterations=2).fit(random_interactions(20, 10))  # not looked at


# --- features ---------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [1.0, 1e-8, 1e-300])
@pytest.mark.parametrize("size", [1.0, 1e6, 1e30])
def test_features_that_depend_on_each_other(gamma: float, size: float) -> None:
    data = random_interactions(30, 20)
    columns = np.arange(20.0)[:, np.newaxis] * size
    one, two = (
        penchant.HybridALS(factors=4, feature_regularization=gamma).fit(
            data.with_item_features(penchant.Features.dense(data.items, columns.repeat(n, axis=1)))
        )
        for n in (1, 2)
    )
    assert np.isfinite(two.item_factors).all()
    if gamma < 1e-6:  # the same predictions, by equal shares
        np.testing.assert_allclose(two.loss(), one.loss(), rtol=1e-4)


def test_fold_in_of_huge_values_is_an_error_or_finite() -> None:
    model = penchant.ALS(factors=4, iterations=2).fit(random_interactions(20, 10))
    try:
        vectors = model.fold_in_users([{"i0001": 3e38, "i0002": 1e-30}])
    except NumericError:
        return
    assert np.isfinite(vectors).all()
