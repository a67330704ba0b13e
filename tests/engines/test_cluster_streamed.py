"""Half steps with a fixed side that workers do not hold, against those where they hold it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import random_interactions
from tests.engines.serial import SerialExecutor
from tests.engines.test_blocks import CHANGES, assert_equal, fitted
from tests.models.als.test_trainer import with_features

from penchant import ALS, HybridALS, _kernels
from penchant.data.csr import Csr, row_pointers
from penchant.engines.base import Objective
from penchant.engines.blocks.engine import Blocks
from penchant.engines.blocks.solve import FixedSide, solve_block
from penchant.engines.cluster import sides
from penchant.engines.cluster.engine import MEMORY_SHARE, Cluster
from penchant.engines.cluster.executor import WorkerMemory
from penchant.errors import SettingsError

ROW = 4 * 7  # bytes of the factors of a row in the fits below


def memory_of(rows: int, tasks: int = 1) -> WorkerMemory:
    """Return the memory of workers whose tasks hold about so many rows of a fixed side."""
    return WorkerMemory(int((rows + 0.5) * ROW * tasks / MEMORY_SHARE), tasks)


def cluster(rows: int | None, entries: int, fixed_side: str = "streamed", **options) -> Cluster:
    memory = None if rows is None else memory_of(rows, 2)
    executor = SerialExecutor(memory=memory)
    return Cluster(executor, entries_per_block=entries, fixed_side=fixed_side, **options)


@settings(max_examples=8)
@given(
    seed=st.integers(0, 100),
    entries=st.integers(20, 400),
    rows=st.one_of(st.none(), st.integers(1, 60)),
    changes=st.sampled_from(CHANGES),
    kind=st.sampled_from([ALS, HybridALS]),
)
def test_a_streamed_fixed_side_gives_the_same_bits(seed, entries, rows, changes, kind) -> None:
    data = with_features(random_interactions(60, 40, seed=seed, dislikes=0.1))
    model = fitted(kind, data, cluster(rows, entries), **changes)
    assert_equal(model, fitted(kind, data, Blocks(entries_per_block=entries), **changes))


@pytest.mark.parametrize("rows", [40, 2000])
def test_losses_of_many_rows_are_the_same_bits(rows) -> None:
    data = random_interactions(1500, 90, seed=2)
    model = fitted(ALS, data, cluster(rows, 20_000))
    assert_equal(model, fitted(ALS, data, Blocks(entries_per_block=20_000)))


@pytest.mark.parametrize("solver", ["exact", "cg", "auto"])
@pytest.mark.parametrize("with_means", [False, True])
def test_parts_of_a_block_with_heavy_rows_give_the_bits_of_the_block(solver, with_means) -> None:
    """A row that is split over threads within its block is split within a part of it too."""
    rng, n, f = np.random.default_rng(1), 60_000, 8
    counts = np.array([*rng.integers(1, 600, 3000), 40_000, 17_000, 0, *rng.integers(1, 9, 50)])
    columns = [np.sort(rng.choice(n, count, replace=False)) for count in counts]
    values = rng.uniform(0.5, 9, counts.sum()).astype(np.float32)
    rows = Csr(row_pointers(counts), np.concatenate(columns).astype(np.int32), values, n)
    fixed = _kernels.align_rows(rng.normal(0, 0.3, (n, f)).astype(np.float32))
    start = rng.normal(0, 0.3, (rows.n_rows, f)).astype(np.float32)
    penalties, means = rng.uniform(1, 2, rows.n_rows), rng.normal(0, 1, (rows.n_rows, f))
    eigenvalues, objective = np.linspace(1, 9, f), Objective(0.5, solver, 3)

    def solved(parts) -> np.ndarray:
        solution = _kernels.align_rows(start.copy())
        for part in parts:
            room = len(part.columns) + part.rows.n_rows
            buffer = _kernels.padded_rows(room, f, fixed.dtype)[:, :f]
            buffer[: len(part.columns)] = fixed[part.columns]
            side = FixedSide(buffer, len(part.columns), eigenvalues)
            where, own = part.where, means[part.where] if with_means else None
            solve_block(part.rows, side, solution[where], penalties[where], objective,
                        means=own, whole=rows, threads=2)  # fmt: skip
        return solution

    all_of_it = sides.Part(slice(0, rows.n_rows), rows, np.arange(n))
    parts = list(sides.parts_of(rows, 41_000))
    assert len(parts) > 2
    np.testing.assert_array_equal(solved(parts), solved([all_of_it]))


def test_huge_values_are_solved_in_float64_in_parts_too() -> None:
    data = random_interactions(60, 20, density=0.6, seed=5)
    values = data.csr.values * np.where(np.arange(data.nnz) % 50 == 0, 1e7, 1.0).astype(np.float32)
    csr = type(data.csr)(data.csr.indptr, data.csr.indices, values, 20)
    data = type(data)(csr, data.users, data.items)
    changes = {"alpha": 1.0, "unobserved_weight": 0.5, "confidence": "linear"}
    model = fitted(ALS, data, cluster(9, 200), **changes)
    assert_equal(model, fitted(ALS, data, Blocks(entries_per_block=200), **changes))


@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 300)),
    most=st.integers(1, 50),
    granule=st.integers(1, 5),
)
def test_parts_are_the_rows_over_the_columns_they_refer_to(seed, shape, most, granule) -> None:
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random(shape) < 0.1, rng.random(shape), 0).astype(np.float32)
    counts, (_, columns) = (dense != 0).sum(axis=1), np.nonzero(dense)
    rows = Csr(row_pointers(counts), columns.astype(np.int32), dense[dense != 0], shape[1])
    following = 0
    for part in sides.parts_of(rows, most, granule):
        assert part.where.start == following
        assert part.where.start % granule == 0
        following = part.where.stop
        n_rows = part.where.stop - part.where.start
        assert len(part.columns) <= most or n_rows < 2 * granule
        np.testing.assert_array_equal(
            part.rows.to_scipy().toarray(), dense[part.where][:, part.columns]
        )
        np.testing.assert_array_equal(part.columns, np.flatnonzero(dense[part.where].any(axis=0)))
    assert following == shape[0]


@pytest.mark.parametrize(
    ("memory", "fixed_side", "whole"),
    [
        (None, "auto", True),
        (None, "streamed", False),
        (memory_of(60), "auto", True),
        (memory_of(45), "auto", False),
        (memory_of(1), "replicated", True),
        (memory_of(1000), "streamed", False),
    ],
)
def test_the_fixed_side_is_replicated_where_it_fits(memory, fixed_side, whole, monkeypatch) -> None:
    taken = []
    whole_side, take = sides.FixedFiles.whole, sides.FixedFiles.take
    monkeypatch.setattr(
        sides.FixedFiles, "whole", lambda side: (taken.append("all"), whole_side(side))[1]
    )

    def counted(side, columns, room):
        assert len(columns) <= side.most_rows or room <= 1
        taken.append(len(columns))
        return take(side, columns, room)

    monkeypatch.setattr(sides.FixedFiles, "take", counted)
    engine = Cluster(SerialExecutor(memory=memory), entries_per_block=150, fixed_side=fixed_side)
    fitted(ALS, random_interactions(60, 50, density=0.05), engine)
    assert ("all" in taken) == whole
    assert any(number != "all" for number in taken) != whole


def test_features_need_more_memory_for_a_replicated_side(monkeypatch) -> None:
    data, taken = with_features(random_interactions(60, 40)), []
    whole_side = sides.FixedFiles.whole
    monkeypatch.setattr(
        sides.FixedFiles, "whole", lambda side: (taken.append(side.n), whole_side(side))[1]
    )
    for rows, expected in ((60, set()), (2 * 60, {60, 40})):
        taken.clear()
        engine = Cluster(SerialExecutor(memory=memory_of(rows)), entries_per_block=150)
        model = HybridALS(factors=7, iterations=1)
        model.fit(data, engine=engine)
        assert set(taken) - {40} == expected - {40}


def test_another_mode_is_refused() -> None:
    with pytest.raises(SettingsError, match="fixed_side"):
        Cluster(SerialExecutor(), fixed_side="sent")
