"""Progress of an ingest, which consists of statements of very different lengths."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

OnProgress = Callable[[float, str], None]
"""Called with the completed share, 0…1, and what is being done."""

CONTINUES = "continuing the ingest that was interrupted"
"""The first step where there are results of such an ingest."""

_EVERY = 0.5  # seconds


class Progress:
    """The share of an ingest that is completed.

    Parameters
    ----------
    on_progress
        Called with it, also from another thread; or None.
    """

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._begin = self._end = self._reported = 0.0
        self._part = (0, 1)
        self._what = ""

    def step(self, what: str, until: float) -> None:
        """Begin a step, after which the share ``until`` is completed."""
        self._begin, self._end, self._what = self._end, until, what
        self.part(0, 1)

    def part(self, number: int, n_parts: int) -> None:
        """Begin a part of the step, by its number (from 0) of all its parts."""
        self._part = (number, max(n_parts, 1))
        self.update(0.0)

    def update(self, share: float) -> None:
        """Report the completed share of the part, 0…1."""
        if self._on_progress is not None:
            number, n_parts = self._part
            of_step = min((number + share) / n_parts, 1.0)
            completed = self._begin + of_step * (self._end - self._begin)
            self._reported = max(self._reported, completed)
            self._on_progress(self._reported, self._what)

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """Let :func:`watching` of this thread report here while the block runs."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Progress | None] = ContextVar("progress of an ingest", default=None)


def update(share: float) -> None:
    """Report the completed share of a task, where a process reports."""
    if (progress := _current.get()) is not None:
        progress.update(share)


@contextlib.contextmanager
def watching(con: Any) -> Iterator[None]:
    """Report the progress of DuckDB's statements during the block, where a process reports."""
    progress = _current.get()
    if progress is None:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_EVERY):
            with contextlib.suppress(Exception):
                percent = con.query_progress()
                if percent > 0:
                    progress.update(percent / 100)

    with contextlib.suppress(Exception):  # a kernel without widgets refuses any change of it
        con.execute("SET enable_progress_bar = true")
        con.execute("SET enable_progress_bar_print = false")
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(con: Any, statement: str) -> Any:
    """Execute a statement of DuckDB, and report its progress."""
    with watching(con):
        return con.execute(statement)
