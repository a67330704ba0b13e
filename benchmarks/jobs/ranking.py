"""Learning to rank: seconds of every epoch, and how good the lists are after the last."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import penchant
from benchmarks import datasets
from benchmarks.engines import ENGINES
from benchmarks.engines.base import Factors, Setting
from benchmarks.engines.penchant_als import interactions
from benchmarks.jobs.serve import held_out
from benchmarks.meter import Stopwatch
from penchant.models._scoring.scorers import FactorScorer

K = 10


class Held:
    """Vectors that are scored as a model's are."""

    def __init__(self, factors: Factors, threads: int) -> None:
        self._scorer = FactorScorer(*factors, threads=threads)

    def scorer(self, _: penchant.Interactions) -> FactorScorer:
        return self._scorer


def run(
    engine: str, data: str, factors: int, epochs: int, *, threads: int = 2, limit: float = 300.0
) -> dict[str, Any]:
    """Fit ``engine`` on all but five likes of each user; stop after ``limit`` seconds."""
    info = ENGINES[engine]
    train, test = held_out(datasets.load(Path(data)))
    fit = info.adapter().prepare(train, Setting(factors, epochs, threads), info.solver)
    epochs_done: list[dict[str, Any]] = []
    last: Factors | None = None
    begun, watch = time.perf_counter(), Stopwatch()

    def after(get: Callable[[], Factors] | None, **_: Any) -> bool:
        nonlocal last
        spent = watch.pause()
        last = get() if get else None
        epochs_done.append({"number": len(epochs_done) + 1, "seconds": spent, "loss": None})
        watch.go_on()
        return spent > limit

    fit(after)
    assert last is not None
    split = penchant.Split(train=interactions(train), test=interactions(test))
    names = {"precision": f"precision@{K}", "auc": "auc"}
    evaluation = penchant.evaluate(
        Held(last, threads), split, k=K, metrics=["precision", "auc"], bootstrap=0, threads=threads
    )
    quality = {short: float(evaluation[name]) for short, name in names.items()}
    return {"epochs": epochs_done, "seconds": time.perf_counter() - begun, **quality}
