"""A tuning run in a separate process, to be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import penchant
from penchant.data.interactions import Interactions
from penchant.split import Split, leave_k_out
from penchant.tuning.worker import Progress

SPACE: dict[str, Any] = {
    "factors": [2, 3, 4, 5, 6],
    "alpha": [1.0, 5.0, 20.0],
    "regularization": [0.1, 10.0],
    "confidence": "log",
    "threads": 1,
}
OPTIONS: dict[str, Any] = {"epochs": [1, 2, 3], "metrics": ["mse"]}


def splits(data: Interactions) -> tuple[Split, Split]:
    """Return the tuning split and the final split."""
    final = leave_k_out(data, 3, fraction_of_users=0.1)
    return leave_k_out(final.train, 3, fraction_of_users=0.1, seed=1), final


def go(storage: Path, data: Interactions, options: dict[str, Any], measured: Any = None) -> None:
    """Tune to the end; the semaphore ``measured`` is released at each measured epoch."""
    split, final = splits(data)

    def report(progress: Progress) -> None:
        if measured is not None and progress.row is not None and progress.ended is None:
            measured.release()

    penchant.tune(
        penchant.ALS,
        SPACE,
        split,
        storage=storage,
        final=final,
        on_progress=report,
        **{**OPTIONS, **options},
    )
