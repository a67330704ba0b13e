"""irspack: with its "original" loss c = α0 + x of an observed cell, so it is given α r, α0 = 1.

ν = 0 makes its λ the plain one. (With its own loss c = α0 + x stays, but only x of it asks for
a prediction of 1.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from irspack import Evaluator, IALSRecommender, rowwise_train_test_split
from irspack.recommenders.ials import IALSTrainer, str_to_loss_type, str_to_solver_type
from irspack.utils.id_mapping import retrieve_recommend_from_score

from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Factors, Fit, Served, Setting, batches


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    matrix = rows.scipy(setting.weights.alpha)

    def fit(after: AfterEpoch) -> None:
        trainer = IALSTrainer(
            matrix,
            n_components=setting.factors,
            alpha0=1.0,
            reg=setting.weights.regularization,
            nu=0.0,
            init_std=0.1,
            solver_type=str_to_solver_type(solver),
            max_cg_steps=3,
            ialspp_subspace_dimension=64,
            loss_type=str_to_loss_type("ORIGINAL"),
            random_seed=setting.seed,
            n_threads=setting.threads,
            prediction_time_max_cg_steps=5,
            prediction_time_ialspp_iteration=7,
        )
        for _ in range(setting.epochs):
            trainer.run_epoch()
            core = trainer.core_trainer
            if after(lambda core=core: (core.user, core.item)):
                return

    return fit


def serve(rows: Rows, setting: Setting, factors: Factors | None) -> Served:
    assert factors is not None
    model = IALSRecommender(
        rows.scipy(setting.weights.alpha),
        n_components=setting.factors,
        train_epochs=1,
        n_threads=setting.threads,
        alpha0=1.0,
        reg=setting.weights.regularization,
        nu=0.0,
    ).learn()
    core = model.trainer_as_ials.core_trainer
    core.user, core.item = factors

    def recommend(users: npt.NDArray[np.int64], k: int) -> list[Any]:
        scores = (model.get_score_remove_seen(batch) for batch in batches(users))
        return [
            retrieve_recommend_from_score(block, [], k, n_threads=setting.threads)
            for block in scores
        ]

    def evaluate(test: Rows, k: int) -> float:
        evaluator = Evaluator(test.scipy(), cutoff=k, n_threads=setting.threads)
        return float(evaluator.get_score(model)["ndcg"])

    return Served(recommend=recommend, similar=None, evaluate=evaluate)


def split(rows: Rows, k: int) -> Any:
    matrix = rows.scipy()
    return lambda: rowwise_train_test_split(matrix, n_test=k, random_state=0)
