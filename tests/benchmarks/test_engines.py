"""Every library must be given what makes its objective ours: else losses can't be compared."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.datasets import Rows
from benchmarks.engines import ENGINES
from benchmarks.engines.base import Setting
from benchmarks.objective import Weights, dense_loss, loss, solved

WEIGHTS = Weights(alpha=3.0, regularization=0.7)


@pytest.fixture
def rows() -> Rows:
    rng = np.random.default_rng(3)
    dense = rng.integers(1, 5, (30, 20)) * (rng.random((30, 20)) < 0.3)
    dense[:, 0] = dense[0, :] = 1  # every user has an item, every item a user
    row, column = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum((dense > 0).sum(axis=1))]).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), dense[row, column].astype(np.float32), 20)


def fitted(engine: str, rows: Rows, epochs: int) -> list[tuple[np.ndarray, np.ndarray]]:
    info = ENGINES[engine]
    if info.version() is None:
        pytest.skip(f"{info.package} is not installed (make bench)")
    found = []

    def after(get, *, number=None, seconds=None):
        X, Y = get()
        found.append((np.array(X), np.array(Y)))
        return False

    info.adapter().prepare(rows, Setting(6, epochs, 1, WEIGHTS), info.solver)(after)
    return found


EXACT = [name for name, info in ENGINES.items() if info.kind == "exact"]
# cmfrec's conjugate gradients settle, with any number of steps, where no side is the minimum of
# the objective that its own exact solver minimizes: it is timed, and its loss told, all the same
OURS = [n for n, info in ENGINES.items() if info.kind != "other" and n != "cmfrec cg"]


@pytest.mark.parametrize("engine", EXACT)
def test_what_an_exact_solver_solved_last_is_the_minimum_of_our_objective(
    engine: str, rows: Rows
) -> None:
    X, Y = fitted(engine, rows, 2)[-1]
    users, items = solved(rows, Y, WEIGHTS), solved(rows, X, WEIGHTS, items=True)
    assert min(abs(X - users).max(), abs(Y - items).max()) < 1e-4


@pytest.mark.parametrize("engine", OURS)
def test_every_engine_comes_to_the_same_loss(engine: str, rows: Rows) -> None:
    best = fitted("penchant exact", rows, 60)[-1]
    X, Y = fitted(engine, rows, 60)[-1]
    # alternating steps end in one of a few valleys of nearly the same depth
    assert loss(rows, X, Y, WEIGHTS, 1) == pytest.approx(loss(rows, *best, WEIGHTS, 1), rel=0.03)


def test_the_loss_in_closed_form_is_that_of_all_cells(rows: Rows) -> None:
    rng = np.random.default_rng(0)
    X, Y = (rng.standard_normal((n, 6)).astype(np.float32) for n in (30, 20))
    assert loss(rows, X, Y, WEIGHTS, 2) == pytest.approx(dense_loss(rows, X, Y, WEIGHTS), rel=1e-6)


def test_penchant_counts_the_same_loss(rows: Rows) -> None:
    from benchmarks.engines.penchant_als import interactions

    import penchant

    model = penchant.ALS(factors=6, alpha=3.0, regularization=0.7, iterations=3, solver="exact")
    model.fit(interactions(rows))
    found = loss(rows, model.user_factors, model.item_factors, WEIGHTS, 1)
    assert found == pytest.approx(model.loss(), rel=1e-6)
