"""A search in a process of its own, to be killed."""

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
HOW: dict[str, Any] = {"epochs": [1, 2, 3], "metrics": ["mse"]}


def splits(data: Interactions) -> tuple[Split, Split]:
    """What is searched on, and the final split."""
    final = leave_k_out(data, 3, fraction_of_users=0.1)
    return leave_k_out(final.train, 3, fraction_of_users=0.1, seed=1), final


def go(storage: Path, data: Interactions, how: dict[str, Any], measured: Any = None) -> None:
    """Search till the end; ``measured``, a semaphore, is released at each epoch measured."""
    split, final = splits(data)

    def told(now: Progress) -> None:
        if measured is not None and now.row is not None and now.ended is None:
            measured.release()

    penchant.tune(
        penchant.ALS, SPACE, split, storage=storage, final=final, on_progress=told, **{**HOW, **how}
    )
