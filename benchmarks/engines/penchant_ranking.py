"""penchant's Ranking, through its public interface."""

from __future__ import annotations

from typing import Any

import numpy as np

import penchant
from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Factors, Fit, Setting
from benchmarks.engines.penchant_als import interactions


def prepare(rows: Rows, setting: Setting, solver: Any) -> Fit:
    """The vectors are given with biases: users' have a 1 where items' have theirs."""
    model, data = _model(setting, solver), interactions(rows)

    def factors() -> Factors:
        people = np.ones((data.n_users, 1), dtype=np.float32)
        return np.hstack([model.user_factors, people]), model.item_table

    def fit(after: AfterEpoch) -> None:
        model.fit(data, on_epoch=lambda _: after(factors))

    return fit


def _model(setting: Setting, loss: Any) -> penchant.Ranking:
    return penchant.Ranking(
        loss=loss,
        factors=setting.factors,
        iterations=setting.epochs,
        seed=setting.seed,
        threads=setting.threads,
    )
