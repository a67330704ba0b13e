"""Real data over tasks, against the engine of blocks, by all solvers."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.engines.serial import SerialExecutor

import penchant
from penchant import ALS
from penchant.engines.blocks.engine import Blocks
from penchant.engines.cluster.engine import MEMORY_SHARE, Cluster
from penchant.engines.cluster.executor import WorkerMemory

FACTORS = 8
SOLVERS = ("exact", "cg", "auto")
LARGE = SOLVERS if os.environ.get("PENCHANT_ALL_FAULTS") else ("auto",)
LASTFM = {"user": "userID", "item": "artistID", "value": "weight"}
MOVIELENS = {"user": "userID", "item": "movieID"}


@cache
def read(path: Path) -> penchant.Interactions:
    columns = LASTFM if path.suffix == ".dat" else MOVIELENS
    return penchant.read_interactions(path, **columns)


@pytest.mark.parametrize(
    ("file", "solver"),
    [
        *(("lastfm-2k/user_artists.dat", solver) for solver in SOLVERS),
        *(("ml-1m/ratings.parquet", solver) for solver in LARGE),
    ],
)
def test_tasks_give_the_factors_of_blocks(file, solver, real_data) -> None:
    data = read(real_data(file))
    entries = data.nnz // 5
    rows = WorkerMemory(int(1000 * 4 * FACTORS / MEMORY_SHARE), 1)  # a thousand rows of factors
    models = []
    for engine in (
        Blocks(entries_per_block=entries),
        Cluster(SerialExecutor(), entries_per_block=entries),
        Cluster(SerialExecutor(memory=rows), entries_per_block=entries, fixed_side="streamed"),
    ):
        model = ALS(factors=FACTORS, iterations=2, solver=solver, threads=2)
        models.append(model.fit(data, engine=engine, track_loss=True))
    for model in models[1:]:
        np.testing.assert_array_equal(model.user_factors, models[0].user_factors)
        np.testing.assert_array_equal(model.item_factors, models[0].item_factors)
        assert [e.loss for e in model.epochs] == [e.loss for e in models[0].epochs]
