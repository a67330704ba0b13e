"""Ingests that kill their own process; imported by the processes of ``test_interrupted.py``."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from tests.data.disk.logs import COLUMNS
from tests.data.disk.parts import cut_small

import penchant
from penchant.data.disk import target as place
from penchant.data.disk.ingest import ingest  # imported before processes are made

SETTINGS = {**COLUMNS, "min_per_user": 2}


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ingest_until(log: Path | str, target: Path, moment: str, at: int = 0) -> None:
    """Ingest, and die in a step of that name, or around the completion.

    ``at`` is how often the progress of the step is reported before.
    """
    cut_small(pytest.MonkeyPatch())
    reports = 0
    if moment == "before the manifest":
        place.to_json = die
    elif moment == "after the manifest":
        place._LocalTarget.publish = _publish_and_die(place._LocalTarget.publish)

    def on_progress(share: float, what: str) -> None:
        nonlocal reports
        if what == moment:
            reports += 1
            if reports > at:
                die()

    ingest(log, target, **SETTINGS, on_progress=on_progress)
    raise AssertionError(f"no step is called {moment!r}")


def ingest_for(logs: str, target: Path, seconds: float) -> None:
    """Ingest, and die after some seconds, wherever that is."""
    cut_small(pytest.MonkeyPatch())
    threading.Timer(seconds, die).start()
    while True:
        ingest(logs, target, **SETTINGS)


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
