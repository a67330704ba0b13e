"""The grid search of the article: 180 settings, 38 epochs, measured after every second one."""

from __future__ import annotations

import itertools
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import datasets
from benchmarks.engines.penchant_als import interactions

if TYPE_CHECKING:
    from penchant.evaluation.measure import Measure

FACTORS = (10, 20, 40, 80, 120)
REGULARIZATIONS = (0.0, 1e-5, 1e-3, 0.1, 10.0, 100.0)
ALPHAS = (1, 10, 50, 100, 500, 1000)
EPOCHS, EVERY = 38, 2
TEST_LIKES, TEST_USERS = 5, 0.2


def run(engine: str, data: str, *, sample: int | None = None, threads: int = 2) -> dict[str, Any]:
    """Seconds of all settings, or of ``sample`` evenly spread over the grid for an estimate."""
    import penchant
    from penchant.evaluation.measure import Measure

    whole = list(itertools.product(ALPHAS, FACTORS, REGULARIZATIONS))
    chosen = whole if sample is None else [whole[i] for i in _spread(len(whole), sample)]
    split = penchant.split.leave_k_out(
        interactions(datasets.load(Path(data))), TEST_LIKES, fraction_of_users=TEST_USERS, seed=0
    )
    measure = Measure(
        split,
        users="held-out",
        k=5,
        metrics=["precision", "mse"],
        exclude_seen=False,
        bootstrap=0,
        threads=threads,
    )
    seconds, measuring = [], []
    for alpha, factors, regularization in chosen:
        begun = time.perf_counter()
        model = penchant.ALS(
            factors=factors,
            alpha=float(alpha),
            regularization=regularization,
            iterations=EPOCHS,
            threads=threads,
        )
        spent: list[float] = []
        model.fit(split.train, on_epoch=partial(_measure, measure, model, spent))
        seconds.append(time.perf_counter() - begun)
        measuring.append(sum(spent))
    return {"times": seconds, "measuring": measuring, "settings": len(chosen), "of": len(whole)}


def _measure(measure: Measure, model: Any, spent: list[float], epoch: Any) -> None:
    """Train and test together, as the article's learning curves have them."""
    if epoch.number % EVERY == 0:
        begun = time.perf_counter()
        measure(model)
        spent.append(time.perf_counter() - begun)


def _spread(n: int, sample: int) -> list[int]:
    """Indices over the whole range whose strides hit every factor and alpha alike."""
    rng = np.random.default_rng(0)
    return sorted(rng.permutation(n)[:sample].tolist())
