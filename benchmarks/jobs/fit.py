"""A fit: seconds and loss after every epoch, and the peak of memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets, objective
from benchmarks.engines import ENGINES
from benchmarks.engines.base import Factors, Setting
from benchmarks.meter import Memory, Stopwatch

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def run(
    engine: str,
    data: str,
    factors: int,
    epochs: int,
    *,
    threads: int = 2,
    with_loss: bool = True,
    limit: float = 300.0,
    clock: str = "wall",
) -> dict[str, Any]:
    """Fit ``engine`` on the rows in the folder ``data``; stop after ``limit`` seconds of fitting.

    The clock runs from the call that is given the data in the library's own form, so turning
    the matrix and drawing the first factors count, and loss does not. A tiny fit goes before it:
    some libraries load their code with themselves and some at their first use, and neither the
    time nor the memory of that is the fit's.
    """
    info, rows = ENGINES[engine], datasets.load(Path(data))
    info.adapter().prepare(_tiny(), Setting(8, 1, threads), info.solver)(_once)
    setting = Setting(factors, epochs, threads)
    fit = info.adapter().prepare(rows, setting, info.solver)
    epochs_done: list[dict[str, Any]] = []
    memory, watch = Memory(), Stopwatch(CLOCKS[clock])
    begun = time.perf_counter()
    away = 0.0  # spent on losses

    def after(
        get: Callable[[], Factors] | None,
        *,
        number: int | None = None,
        seconds: float | None = None,
    ) -> bool:
        nonlocal away
        spent, peak = watch.pause(), memory.pause()
        left = time.perf_counter()
        epoch = {
            "number": number or len(epochs_done) + 1,
            "seconds": seconds or spent,
            "memory": peak,
            "loss": None,
        }
        if get is not None and with_loss:
            X, Y = get()
            epoch["loss"] = objective.loss(rows, X, Y, setting.weights, threads)
            del X, Y
        epochs_done.append(epoch)
        enough = spent > limit and epoch["number"] < epochs
        memory.go_on()
        away += time.perf_counter() - left
        watch.go_on()
        return enough

    fit(after)
    return {
        "epochs": epochs_done,
        "seconds": time.perf_counter() - begun - away,
        "memory": memory.pause(),
        "stopped": bool(epochs_done) and epochs_done[-1]["number"] < epochs,
    }


def _tiny(n: int = 64) -> datasets.Rows:
    """Everybody took to three things of as many as there are people."""
    indices = np.sort((np.arange(n)[:, None] + [0, 1, 5]) % n, axis=1).astype(np.int32).ravel()
    pointers = np.arange(0, 3 * n + 1, 3, dtype=np.int64)
    return datasets.Rows(pointers, indices, np.ones(3 * n, dtype=np.float32), n)


def _once(*_: Any, **__: Any) -> bool:
    return False
