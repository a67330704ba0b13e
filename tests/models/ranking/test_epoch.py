"""An epoch of Ranking: equality with the oracle, on any number of threads."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.models.ranking.examples import LOSSES, tagged
from tests.models.ranking_oracle import Oracle, Side

from penchant import Ranking, _kernels
from penchant.data.interactions import Csr, Interactions
from penchant.models.ranking import trainer


def rows_of(csr: Csr | None, n: int) -> list[dict[int, float]]:
    if csr is None:
        return [{c: 1.0} for c in range(n)]
    return [
        dict(zip(csr.indices[a:b].tolist(), csr.values[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(csr.indptr)
    ]


def oracle_of(model: Ranking, data: Interactions) -> Oracle:
    """The oracle at the model's start, before its first epoch."""
    csr = data.csr
    liked = [[i for i, v in row.items() if v > 0] for row in rows_of(csr, data.n_users)]
    adadelta = model.schedule == "adadelta"
    sides = [
        Side(start.vectors, rows_of(start.rows, len(start.ids)), adadelta, decay)
        for start, decay in zip(
            trainer.start(model, data, 0),
            (model.user_regularization, model.item_regularization),
            strict=True,
        )
    ]
    pool = csr.indices if model.loss == "bpr" else np.unique(csr.indices)
    size = np.log1p(np.abs(csr.values)) if model.confidence == "log" else np.ones(csr.nnz)
    weights = np.sign(csr.values) * size / size.mean()
    names = ("loss", "learning_rate", "rho", "epsilon", "max_sampled", "negatives", "k", "n")
    options = {name: getattr(model, name) for name in names}
    epoch = SimpleNamespace(**options, seed=trainer.seed_of(model, 1))
    return Oracle((csr.row_of_entry, csr.indices, weights), liked, pool, *sides, epoch)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from(LOSSES),
    schedule=st.sampled_from(["adagrad", "adadelta"]),
    features=st.booleans(),
    confidence=st.sampled_from(["binary", "log"]),
    negatives=st.sampled_from([0, 1, 3]),
)
def test_a_sequential_epoch_is_that_of_the_oracle(
    seed, loss, schedule, features, confidence, negatives
) -> None:
    data = random_interactions(14, 11, density=0.3, seed=seed, dislikes=0.2)
    data = tagged(data) if features else data
    model = Ranking(
        loss=loss, schedule=schedule, factors=5, batch=1, iterations=1, seed=seed, k=2, n=4,
        confidence=confidence, item_regularization=1e-3, user_regularization=1e-2,
        learning_rate=0.2, negatives=negatives,
    )  # fmt: skip
    slow = oracle_of(model, data)
    loss_of_oracle = slow.epoch()
    model.fit(data, track_loss=True)
    assert model.epochs[0].loss == pytest.approx(loss_of_oracle, rel=1e-3, abs=1e-4)
    for side, fast in ((slow.users, model._users), (slow.items, model._items)):
        np.testing.assert_allclose(fast.vectors, side.vectors, rtol=2e-3, atol=2e-4)
        np.testing.assert_allclose(fast.squares, side.squares, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_bit(threads, loss, features) -> None:
    data = random_interactions(500, 200, density=0.25, seed=4, dislikes=0.1)
    data = tagged(data) if features else data
    one, other = (
        Ranking(loss=loss, factors=6, iterations=3, threads=n).fit(data, track_loss=True)
        for n in (1, threads)
    )
    np.testing.assert_array_equal(one.user_table, other.user_table)
    np.testing.assert_array_equal(one.item_table, other.item_table)
    assert [e.loss for e in one.epochs] == [e.loss for e in other.epochs]


def test_another_seed_gives_another_model() -> None:
    data = random_interactions(30, 20, seed=1)
    one, other = (Ranking(factors=4, iterations=2, seed=seed).fit(data) for seed in (1, 2))
    assert not np.array_equal(one.item_factors, other.item_factors)


def test_tables_that_are_not_of_one_side_are_refused() -> None:
    table = _kernels.ranking_table(np.zeros((3, 4), np.float32), 0)
    side = _kernels.RankingSide(table, table, None, None, 0.0)
    how = trainer.kernel_settings(Ranking(factors=3), 1, 16)
    one = np.zeros(1, np.int32), np.full(1, 9, np.int32), np.ones(1, np.float32)
    likes = np.array([0, 0, 0, 0]), np.empty(0, np.int32)
    pool = np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="items must lie in"):
        _kernels.ranking_epoch(one, likes, pool, side, side, how, threads=1)
    short = side._replace(squares=table[:2])
    fine = (one[0], one[0], one[2])
    with pytest.raises(ValueError, match="one shape"):
        _kernels.ranking_epoch(fine, likes, pool, side, short, how, threads=1)
