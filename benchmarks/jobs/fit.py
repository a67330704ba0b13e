"""A fit: seconds and loss after every epoch, and the peak of memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import datasets, objective
from benchmarks.engines import ENGINES
from benchmarks.engines.base import Factors, Setting
from benchmarks.meter import Memory, Stopwatch


def run(
    engine: str,
    data: str,
    factors: int,
    epochs: int,
    *,
    threads: int = 2,
    with_loss: bool = True,
    limit: float = 300.0,
) -> dict[str, Any]:
    """Fit ``engine`` on the rows in the folder ``data``; stop after ``limit`` seconds of fitting.

    The clock runs from the call that is given the data in the library's own form, so turning
    the matrix and drawing the first factors count, and loss does not.
    """
    info, rows = ENGINES[engine], datasets.load(Path(data))
    setting = Setting(factors, epochs, threads)
    fit = info.adapter().prepare(rows, setting, info.solver)
    done: list[dict[str, Any]] = []
    memory, watch = Memory(), Stopwatch()
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
            "number": number or len(done) + 1,
            "seconds": seconds or spent,
            "memory": peak,
            "loss": None,
        }
        if get is not None and with_loss:
            X, Y = get()
            epoch["loss"] = objective.loss(rows, X, Y, setting.weights, threads)
            del X, Y
        done.append(epoch)
        enough = spent > limit and epoch["number"] < epochs
        away += time.perf_counter() - left
        memory.go_on()
        watch.go_on()
        return enough

    fit(after)
    return {
        "epochs": done,
        "seconds": time.perf_counter() - begun - away,
        "memory": memory.pause(),
        "stopped": bool(done) and done[-1]["number"] < epochs,
    }
