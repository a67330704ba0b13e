"""Ingests that kill their own process; imported by the processes of ``test_interrupted.py``."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.data.disk.logs import COLUMNS

import penchant
from penchant.data.disk import target as place
from penchant.data.disk.ingest import ingest  # imported before processes are made


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ingest_until(log: Path, target: Path, moment: str) -> None:
    """Ingest, and die at the beginning of a step of that name, or around the completion."""
    if moment == "before the manifest":
        place.to_json = die
    elif moment == "after the manifest":
        place._LocalTarget.publish = _publish_and_die(place._LocalTarget.publish)

    def on_progress(share: float, what: str) -> None:
        if what == moment:
            die()

    ingest(log, target, **COLUMNS, min_per_user=2, on_progress=on_progress)
    raise AssertionError(f"no step is called {moment!r}")


def _publish_and_die(publish):
    def published(self, manifest) -> None:
        publish(self, manifest)
        die()

    return published


def fill_disk(log: Path, target: Path, n_bytes: int) -> None:
    """Ingest where no file may be larger than some bytes, and leave the message in a file."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    try:
        ingest(log, target, **COLUMNS)
    except penchant.PenchantError as error:
        (log.parent / "message").write_text(f"{type(error).__name__}: {error}")
