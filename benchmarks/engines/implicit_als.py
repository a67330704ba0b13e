"""implicit: confidence is what the matrix holds, so it is given 1 + α r and alpha = 1.

Its objective then is the one of :mod:`benchmarks.objective`, and it is spared a copy.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from implicit.evaluation import leave_k_out_split, ndcg_at_k

from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Factors, Fit, Served, Setting, batches

warnings.filterwarnings("ignore", category=RuntimeWarning)  # on BLAS threads: both are tried


class _EnoughError(Exception):
    pass


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    model, matrix = _model(setting, solver), rows.scipy(setting.weights.alpha, 1.0)

    def fit(after: AfterEpoch) -> None:
        def callback(*_: Any) -> None:
            if after(lambda: (model.user_factors, model.item_factors)):
                raise _EnoughError

        with contextlib.suppress(_EnoughError):
            model.fit(matrix, show_progress=False, callback=callback)

    return fit


def serve(rows: Rows, setting: Setting, factors: Factors | None) -> Served:
    assert factors is not None
    model, seen = _model(setting, "cg"), rows.scipy()
    model.user_factors, model.item_factors = factors

    def recommend(users: npt.NDArray[np.int64], k: int) -> list[Any]:
        return [model.recommend(batch, seen[batch], N=k) for batch in batches(users)]

    def evaluate(test: Rows, k: int) -> float:
        return float(
            ndcg_at_k(
                model, seen, test.scipy(), K=k, show_progress=False, num_threads=setting.threads
            )
        )

    return Served(
        recommend=recommend,
        similar=lambda items, k: [model.similar_items(b, N=k + 1) for b in batches(items)],
        evaluate=evaluate,
    )


def split(rows: Rows, k: int) -> Any:
    matrix = rows.scipy()
    return lambda: leave_k_out_split(matrix, K=k, random_state=0)


def _model(setting: Setting, solver: str) -> AlternatingLeastSquares:
    return AlternatingLeastSquares(
        factors=setting.factors,
        regularization=setting.weights.regularization,
        alpha=1.0,
        use_cg=solver == "cg",
        iterations=setting.epochs,
        num_threads=setting.threads,
        random_state=setting.seed,
    )
