"""Worker processes, forked from a parent that has imported and opened everything.

Pages of the parent's memory are shared until a process writes to them: a new worker starts within
milliseconds and needs little memory of its own. uvicorn's own supervisor spawns workers that import
and open everything again.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from types import FrameType

from penchant.errors import PenchantError

log = logging.getLogger("penchant")

CAN_FORK = sys.platform == "linux"
"""Whether workers are forked: system libraries of macOS do not support it, Windows has no fork."""

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_STOP_TIMEOUT = 15.0  # seconds that workers have to end after a signal to stop
_MIN_LIFETIME = 1.0  # minimum seconds between two starts of a worker


class Workers:
    """Keep a number of worker processes running until a signal to stop.

    Create it before any thread, database connection or event loop exists: a fork copies none of
    them.

    Parameters
    ----------
    work
        The function that each process runs. It ends when a signal raises SystemExit in it.
    count
        The number of processes.
    """

    def __init__(self, work: Callable[[], None], count: int) -> None:
        self._work, self._count = work, count
        self._workers: list[BaseProcess] = []
        self._started: dict[int | None, float] = {}
        self._mask: set[int] = set()
        self._handled = {*_stop_signals(), signal.SIGCHLD}

    def run(self) -> int:
        """Start all workers, replace those that die, and end all at a signal to stop.

        Returns the number of the signal. Signals are blocked and read with ``sigwait``: none
        interrupts at an arbitrary point.
        """
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._handled)
        try:
            self._workers = [self._start() for _ in range(self._count)]
            while (received := signal.sigwait(self._handled)) == signal.SIGCHLD:
                self._replace_dead()
            return int(received)
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _start(self) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(target=self._main, daemon=True)
        process.start()
        self._started[process.pid] = time.monotonic()
        return process

    def _replace_dead(self) -> None:
        for position, worker in enumerate(self._workers):
            if worker.exitcode is not None:
                log.warning("a server process ended (%d): starting another", worker.exitcode)
                # limit the rate of restarts of a worker that fails at its start
                started = self._started.pop(worker.pid)
                time.sleep(max(0.0, started + _MIN_LIFETIME - time.monotonic()))
                self._workers[position] = self._start()

    def _stop(self) -> None:
        """Let workers finish their requests; kill them after a second signal or the timeout."""
        for worker in self._workers:
            worker.terminate()
        until = time.monotonic() + _STOP_TIMEOUT
        while any(worker.is_alive() for worker in self._workers):
            received = signal.sigtimedwait(self._handled, max(0.0, until - time.monotonic()))
            if received is None or received.si_signo == signal.SIGINT:
                for worker in self._workers:
                    worker.kill()
                break
        for worker in self._workers:
            worker.join()

    def _main(self) -> None:
        """Run a worker process."""
        for name in _STOP_SIGNALS[:2]:
            signal.signal(getattr(signal, name), _exit)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        threading.Thread(target=_exit_with_parent, name="penchant-parent", daemon=True).start()
        try:
            self._work()
        except PenchantError as error:
            log.error("a server process can't start: %s", error)
            raise SystemExit(1) from None


@contextlib.contextmanager
def stop_signals_handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call a function at signals to stop, in the main thread of a process."""
    numbers = _stop_signals() if threading.current_thread() is threading.main_thread() else set()
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _stop_signals() -> set[int]:
    """Return the signals to stop; those that are ignored (by nohup, say) stay ignored."""
    numbers = {int(getattr(signal, name)) for name in _STOP_SIGNALS if hasattr(signal, name)}
    return {number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}


def _exit(_: int, __: object) -> None:
    raise SystemExit


def _exit_with_parent() -> None:
    """End this worker when its parent ends, even if the parent is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
