"""LightFM's WARP: another objective (ranking, by stochastic gradients); for reference only."""

from __future__ import annotations

from lightfm import LightFM

from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Fit, Setting


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    matrix = rows.scipy().tocoo()
    matrix.data[:] = 1

    def fit(after: AfterEpoch) -> None:
        model = LightFM(no_components=setting.factors, loss=solver, random_state=setting.seed)
        for _ in range(setting.epochs):
            model.fit_partial(matrix, epochs=1, num_threads=setting.threads)
            if after(None):
                return

    return fit
