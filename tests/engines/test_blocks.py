"""The engine that reads blocks of rows, against the engine that holds all rows in memory."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.engines.stored import stored
from tests.engines.test_local import factors, relative, rows_of
from tests.models.als.test_trainer import with_features

from penchant import ALS, HybridALS, _kernels
from penchant.data.blocks import MemoryBlocks
from penchant.engines import selection
from penchant.engines.base import Objective, Spectrum, spectrum_of_gram
from penchant.engines.blocks.engine import Blocks
from penchant.engines.blocks.sums import tree_sum
from penchant.engines.local import LocalEngine
from penchant.errors import DatasetError, SettingsError

CHANGES = [
    {},
    {"solver": "exact"},
    {"solver": "cg", "dtype": "float64"},
    {"momentum": 0, "confidence": "binary"},
    {"confidence": "log", "regularization_scaling": 1.0},
]


def fitted(kind, data, engine=None, **changes):
    settings = {"factors": 7, "iterations": 3, "threads": 2, **changes}
    return kind(**settings).fit(data, engine=engine, track_loss=True)


def assert_close(model, other, tolerance: float = 2e-4) -> None:
    scores = (m.user_factors @ m.item_factors.T for m in (model, other))
    np.testing.assert_allclose(*scores, atol=tolerance)
    losses = ([epoch.loss for epoch in m.epochs] for m in (model, other))
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert model.loss() == pytest.approx(other.loss(), rel=1e-5)


def assert_equal(model, other) -> None:
    np.testing.assert_array_equal(model.user_factors, other.user_factors)
    np.testing.assert_array_equal(model.item_factors, other.item_factors)
    assert [epoch.loss for epoch in model.epochs] == [epoch.loss for epoch in other.epochs]
    assert model.loss() == other.loss()


# --- one half step ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=st.integers(0, 100), f=st.integers(1, 40), cut=st.integers(0, 60))
def test_rows_rotated_in_blocks_equal_those_rotated_at_once(dtype, seed, f, cut) -> None:
    whole, parts = (_kernels.align_rows(factors(60, f, seed, dtype)) for _ in range(2))
    other = _kernels.align_rows(factors(9, f, seed + 1, dtype))
    spectrum = Spectrum(np.ones(f), np.linalg.qr(factors(f, f, seed, np.float64))[0])
    _kernels.rotate(spectrum, whole, other, threads=2)
    _kernels.rotate(spectrum, parts[:cut], parts[cut:], threads=1)
    np.testing.assert_array_equal(whole, parts)


@given(
    seed=st.integers(0, 100),
    entries=st.integers(1, 400),
    solver=st.sampled_from(["exact", "cg", "auto"]),
    shape=st.sampled_from([(30, 50), (50, 30)]),
)
def test_a_half_step_over_blocks_equals_one_over_all_rows(seed, entries, solver, shape) -> None:
    rows = rows_of(*shape, seed=seed, dislikes=0.2)
    penalties = 0.1 + np.random.default_rng(seed).random(shape[0])
    fixed, start = factors(shape[1], 9, seed), factors(shape[0], 9, seed + 1)
    local, objective = LocalEngine(2), Objective(0.3, solver, 3)
    expected, Y = local.align_rows(start.copy()), local.align_rows(fixed.copy())
    Q = local.half_step(
        rows=local.load_rows(rows, penalties), fixed=Y, solved=expected, objective=objective
    )
    engine, bounds = (
        Blocks(entries_per_block=entries, threads=2),
        MemoryBlocks(rows, entries).bounds,
    )
    X = engine.create_factors(bounds, 9, "float32")
    engine.assign_rows(X, start)
    other = engine.create_factors((0, shape[1]), 9, "float32")
    engine.assign_rows(other, fixed)
    found = engine.half_step(
        rows=engine.load_rows(rows, penalties), fixed=other, solved=X, objective=objective
    )
    np.testing.assert_array_equal(found, Q)
    np.testing.assert_array_equal(engine.to_numpy(other), Y)
    assert relative(engine.to_numpy(X), expected) < 1e-5


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40))
def test_tree_sums_are_sums(numbers) -> None:
    assert tree_sum(np.array([float(n)]) for n in numbers)[0] == sum(numbers)


@given(seed=st.integers(0, 100), n=st.integers(1, 40), level=st.integers(0, 4))
def test_aligned_groups_of_a_tree_sum_can_be_summed_elsewhere(seed, n, level) -> None:
    parts = list(np.random.default_rng(seed).normal(0, 1, (n, 3)))
    size = 2**level
    groups = [tree_sum(parts[first : first + size]) for first in range(0, n, size)]
    np.testing.assert_array_equal(tree_sum(groups), tree_sum(parts))


# --- fits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(60, 40), (40, 60)])
@pytest.mark.parametrize("changes", CHANGES)
def test_one_block_gives_the_factors_of_the_local_engine(changes, shape) -> None:
    data = random_interactions(*shape, seed=3, dislikes=0.1)
    model, local = fitted(ALS, data, Blocks(threads=2), **changes), fitted(ALS, data, **changes)
    assert_equal(model, local)
    more = random_interactions(shape[0] + 5, shape[1] + 3, seed=4)
    assert_equal(model.partial_fit(more), local.partial_fit(more))


@settings(max_examples=20)
@given(seed=st.integers(0, 100), entries=st.integers(1, 300), changes=st.sampled_from(CHANGES))
def test_blocks_of_any_size_give_the_model_of_the_local_engine(seed, entries, changes) -> None:
    data = random_interactions(40, 30, seed=seed, dislikes=0.1)
    assert_close(
        fitted(ALS, data, Blocks(entries_per_block=entries), **changes),
        fitted(ALS, data, **changes),
    )


@pytest.mark.parametrize("entries", [60, 1 << 20])
@pytest.mark.parametrize("changes", [{}, {"dtype": "float64"}, {"regularization": 0.0}])
def test_features_give_the_model_of_the_local_engine(changes, entries) -> None:
    data = with_features(random_interactions(50, 40, seed=1, dislikes=0.1))
    engine = Blocks(entries_per_block=entries, threads=2)
    model, local = fitted(HybridALS, data, engine, **changes), fitted(HybridALS, data, **changes)
    assert_close(model, local)
    np.testing.assert_allclose(
        *(np.abs(m.item_feature_factors @ m.user_factors.T) for m in (model, local)), atol=2e-3
    )


@pytest.mark.parametrize("kind", [ALS, HybridALS])
def test_the_number_of_threads_does_not_change_the_factors(kind) -> None:
    data = with_features(random_interactions(80, 50, seed=2))
    models = [
        fitted(kind, data, Blocks(entries_per_block=150, threads=threads)) for threads in (1, 2, 3)
    ]
    assert_equal(models[0], models[1])
    assert_equal(models[0], models[2])


@pytest.mark.parametrize("half_life", [None, 5.0])
@pytest.mark.parametrize("entries", [70, 1 << 20])
def test_stored_blocks_equal_blocks_of_data_in_memory(entries, half_life) -> None:
    data = random_interactions(60, 40, seed=5)
    times = np.random.default_rng(0).integers(0, 30, data.nnz)
    data = type(data)(data.csr, data.users, data.items, times)
    on_disk = fitted(ALS, stored(data, entries), Blocks(threads=2), half_life=half_life)
    in_memory = fitted(ALS, data, Blocks(entries_per_block=entries), half_life=half_life)
    assert_equal(on_disk, in_memory)
    assert on_disk.training == in_memory.training


def test_huge_values_are_solved_in_float64_in_blocks_too() -> None:
    data = random_interactions(60, 20, density=0.6, seed=5)
    values = data.csr.values * np.where(np.arange(data.nnz) % 50 == 0, 1e7, 1.0).astype(np.float32)
    data = type(data)(type(data.csr)(data.csr.indptr, data.csr.indices, values, 20), data.users,
                      data.items)  # fmt: skip
    changes = {"alpha": 1.0, "unobserved_weight": 0.5, "confidence": "linear"}
    model = fitted(ALS, data, Blocks(entries_per_block=200), **changes)
    assert_close(model, fitted(ALS, data, **changes), tolerance=2e-3)


# --- errors and interruptions -------------------------------------------------------------


def test_a_block_that_cannot_be_read_leaves_an_unfitted_model_unfitted() -> None:
    data = stored(random_interactions(60, 40), 100)
    for side in (data.blocks.users, data.blocks.items):
        _ = side.row_counts
    data.blocks.items.broken_after = sum(data.blocks.items.reads) + 1
    model = ALS(factors=4, iterations=3)
    with pytest.raises(DatasetError, match="damaged"):
        model.fit(data, engine=Blocks())
    with pytest.raises(Exception, match="not fitted"):
        model.recommend("u0001")


@pytest.mark.parametrize("kind", [ALS, HybridALS])
def test_a_block_that_cannot_be_read_leaves_the_last_epoch(kind) -> None:
    data = stored(with_features(random_interactions(60, 40)), 100)
    model = kind(factors=4, iterations=10)
    scores = []

    def break_a_block(epoch):
        scores.append(model.user_factors @ model.item_factors.T)
        if epoch.number == 2:
            data.blocks.items.broken_after = sum(data.blocks.items.reads) + 3

    with pytest.raises(DatasetError, match="ingest it again"):
        model.fit(data, engine=Blocks(), on_epoch=break_a_block)
    assert len(model.epochs) == 2
    assert len(model.recommend("u0001", k=3)) == 3
    # some items are solved again, all of them in the same coordinates
    change = np.abs(model.user_factors @ model.item_factors.T - scores[1]).max()
    assert change < np.abs(scores[1] - scores[0]).max()
    data.blocks.items.broken_after = None
    assert len(model.partial_fit(iterations=1).epochs) == 3


def test_ctrl_c_between_blocks_leaves_a_model_of_one_rotation() -> None:
    data = random_interactions(3000, 400, density=0.1)
    model = ALS(factors=64, iterations=500, solver="exact", threads=2)
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    last = []

    def keep(epoch):
        if epoch.number == 1:
            timer.start()
        last[:] = [model.user_factors @ model.item_factors.T]

    with pytest.raises(KeyboardInterrupt):
        model.fit(data, engine=Blocks(entries_per_block=2000, threads=2), on_epoch=keep)
    np.testing.assert_allclose(model.user_factors @ model.item_factors.T, last[0], atol=0.2)
    assert len(model.recommend("u0001", k=3)) == 3


@pytest.mark.parametrize("number", [0, -1, 2.5])
def test_sizes_of_blocks_are_checked(number) -> None:
    with pytest.raises(SettingsError, match="entries_per_block"):
        Blocks(entries_per_block=number)


# --- the choice of the engine -------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "on_disk", "kind"),
    [(10_000, True, Blocks), (10_000, False, LocalEngine), (1 << 40, True, LocalEngine),
     (None, True, LocalEngine)],
)  # fmt: skip
def test_large_data_on_disk_are_trained_in_blocks(limit, on_disk, kind, monkeypatch) -> None:
    monkeypatch.setattr(selection, "memory_limit", lambda: limit)
    data = random_interactions(60, 40)
    data = stored(data, 100) if on_disk else data
    assert type(selection.engine_for(data, 2)) is kind
    model = fitted(ALS, data)
    assert_close(model, fitted(ALS, random_interactions(60, 40)))
    if on_disk:
        assert (max(data.blocks.items.reads) > 3) == (kind is Blocks)


def test_a_named_engine_is_kept_for_later_fits(monkeypatch) -> None:
    monkeypatch.setattr(selection, "memory_limit", lambda: 10_000)
    data, engine = stored(random_interactions(60, 40), 100), LocalEngine(2)
    model = fitted(ALS, data, engine)
    reads = sum(data.blocks.items.reads)
    model.partial_fit()
    assert sum(data.blocks.items.reads) == reads


def test_spectra_of_blocks_are_those_of_the_sum() -> None:
    Y = factors(50, 6)
    parts = [Y[:20], Y[20:]]
    total = tree_sum(_kernels.gram(part, threads=1) for part in parts)
    np.testing.assert_allclose(
        spectrum_of_gram(total).values, LocalEngine(1).spectrum(Y).values, rtol=1e-9
    )
