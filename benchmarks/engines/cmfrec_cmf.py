"""cmfrec: c = 1 + α r like ours. It can't be watched, so it is fitted again for 1, 2, 4, … epochs.

Its conjugate gradients don't come to the minimum that its exact solver comes to, whatever their
number of steps (seen on small matrices); their losses are reported unchanged. Its closing extras
(a Cholesky epoch, matrices for later predictions) are turned off.
"""

from __future__ import annotations

import time

from cmfrec import CMF_implicit

from benchmarks.datasets import Rows
from benchmarks.engines.base import AfterEpoch, Fit, Setting


def prepare(rows: Rows, setting: Setting, solver: str) -> Fit:
    matrix = rows.scipy().tocoo()

    def fit(after: AfterEpoch) -> None:
        for epochs in _doubling(setting.epochs):
            model = CMF_implicit(
                k=setting.factors,
                lambda_=setting.weights.regularization,
                alpha=setting.weights.alpha,
                niter=epochs,
                use_cg=solver == "cg",
                max_cg_steps=3,
                finalize_chol=False,
                precompute_for_predictions=False,
                random_state=setting.seed + 1,
                verbose=False,
                nthreads=setting.threads,
            )
            begun = time.perf_counter()
            model.fit(matrix)
            seconds = time.perf_counter() - begun
            got = model.A_, model.B_
            if after(lambda got=got: got, number=epochs, seconds=seconds):
                return
            del model, got  # or the next one's memory would count beside this one's

    return fit


def _doubling(most: int) -> list[int]:
    """1, 2, 4, … and the last one."""
    return sorted({min(2**power, most) for power in range(most.bit_length() + 1)})
