"""Progress of an ingest, which consists of statements of very different lengths."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

OnProgress = Callable[[float, str], None]
"""Called with the completed share, 0…1, and what is being done."""

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
        self._begin = self._end = 0.0
        self._what = ""

    def step(self, what: str, until: float) -> None:
        """Begin a step, after which the share ``until`` is completed."""
        self._begin, self._end, self._what = self._end, until, what
        self.update(0.0)

    def update(self, share: float) -> None:
        """Report the completed share of the step, 0…1."""
        if self._on_progress is not None:
            completed = self._begin + share * (self._end - self._begin)
            self._on_progress(min(completed, self._end), self._what)

    @contextlib.contextmanager
    def watching(self, con: Any) -> Iterator[None]:
        """Report the progress of DuckDB's statements during the block."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(_EVERY):
                with contextlib.suppress(Exception):
                    percent = con.query_progress()
                    if percent > 0:
                        self.update(percent / 100)

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
