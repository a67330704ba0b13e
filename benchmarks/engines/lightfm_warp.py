"""LightFM's WARP: ranking by stochastic gradients, what penchant's Ranking stands beside."""

from __future__ import annotations

import numpy as np
from lightfm import LightFM

from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Factors, Fit, Setting


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    """The vectors are given with biases: users' have a 1 where items' have theirs."""
    matrix = rows.scipy().tocoo()
    matrix.data[:] = 1
    model = LightFM(no_components=setting.factors, loss=solver, random_state=setting.seed)

    def factors() -> Factors:
        people = np.ones((len(model.user_embeddings), 1), dtype=np.float32)
        return (
            np.hstack([model.user_embeddings, people]),
            np.hstack([model.item_embeddings, model.item_biases[:, None]]),
        )

    def fit(after: AfterEpoch) -> None:
        for _ in range(setting.epochs):
            model.fit_partial(matrix, epochs=1, num_threads=setting.threads)
            if after(factors):
                return

    return fit
