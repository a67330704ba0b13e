"""penchant, through its public interface."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import penchant
from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Factors, Fit, Served, Setting


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    model, data = _model(setting, solver), interactions(rows)

    def fit(after: AfterEpoch) -> None:
        model.fit(data, on_epoch=lambda _: after(lambda: (model.user_factors, model.item_factors)))

    return fit


def serve(rows: Rows, setting: Setting, factors: Factors | None) -> Served:
    """Fit (the same factors every time); ``factors`` of another run are not used."""
    data = interactions(rows)
    model = _model(setting, "auto").fit(data)

    def evaluate(test: Rows, k: int) -> float:
        split = penchant.Split(train=data, test=interactions(test))
        result = penchant.evaluate(
            model, split, k=k, metrics=["ndcg"], bootstrap=0, threads=setting.threads
        )
        return float(result[f"ndcg@{k}"])

    served = Served(
        recommend=lambda users, k: model.recommend(users.tolist(), k=k),
        similar=lambda items, k: model.similar_items(items.tolist(), k=k),
        evaluate=evaluate,
    )
    fitted[id(served)] = model.user_factors, model.item_factors
    return served


fitted: dict[int, Factors] = {}
"""The factors behind what :func:`serve` gave, for the others to serve the same."""


def split(rows: Rows, k: int) -> Any:
    data = interactions(rows)
    return lambda: penchant.split.leave_k_out(data, k, seed=0)


def interactions(rows: Rows) -> penchant.Interactions:
    """Ids are the numbers of rows and columns; the arrays are shared."""
    from penchant.data.csr import Csr
    from penchant.data.ids import IdMap

    csr = Csr(rows.indptr, rows.indices, rows.values, rows.n_columns)
    users, items = (_numbers(n) for n in (rows.n_rows, rows.n_columns))
    return penchant.Interactions(csr, IdMap(users, "user"), IdMap(items, "item"))


def _numbers(n: int) -> npt.NDArray[np.int64]:
    return np.arange(n, dtype=np.int64)


def _model(setting: Setting, solver: Any) -> penchant.ALS:
    return penchant.ALS(
        factors=setting.factors,
        alpha=setting.weights.alpha,
        regularization=setting.weights.regularization,
        iterations=setting.epochs,
        solver=solver,
        seed=setting.seed,
        threads=setting.threads,
    )
