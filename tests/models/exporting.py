"""An export in a separate process, which a test kills."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from penchant.models._io.export import export


def slowly(model: Path, to: str | Path, how: dict[str, Any], told: Connection) -> None:
    """Export in small batches and report the progress."""

    def progress(done: int, whole: int) -> None:
        told.send(done)
        time.sleep(0.002)

    export(model, to, on_progress=progress, **how)
    told.send("done")
