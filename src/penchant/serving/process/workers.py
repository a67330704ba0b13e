"""Several processes that serve together: forked from one that has everything open already.

What that one imported and opened is shared until somebody writes to it: another worker is there
within moments, and costs little memory.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from penchant.errors import PenchantError

log = logging.getLogger("penchant")

CAN_FORK = sys.platform == "linux"
"""Whether a process may be forked: libraries of macOS don't bear it, and Windows has no such."""

_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE = 15.0  # seconds that workers have to end when they are told to
_LEAST_LIFE = 1.0  # seconds from one start of a worker to the next, at least


class Workers:
    """Keeps a number of processes at work until it is told to stop.

    Give it what no thread is needed for yet, no connection to a database, no event loop: a fork
    takes along none of them.

    Parameters
    ----------
    work
        What each process does. It ends when SystemExit is raised in it, by a signal.
    count
        How many processes.
    """

    def __init__(self, work: Callable[[], None], count: int) -> None:
        self._work, self._count = work, count
        self._workers: list[BaseProcess] = []
        self._begun: dict[int | None, float] = {}
        self._mask: set[int] = set()
        stops = {getattr(signal, name) for name in _STOPS}
        # what is ignored (by nohup, say) stays so
        heard = {one for one in stops if signal.getsignal(one) is not signal.SIG_IGN}
        self._heard = {*heard, signal.SIGCHLD}

    def run(self) -> None:
        """Start all, put others in the place of those that die, and end all at a signal.

        Signals wait until they are asked for: none can come at a moment that is not foreseen.
        """
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._heard)
        try:
            self._workers = [self._start() for _ in range(self._count)]
            while signal.sigwait(self._heard) == signal.SIGCHLD:
                self._replace_dead()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _start(self) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(target=self._be, daemon=True)
        process.start()
        self._begun[process.pid] = time.monotonic()
        return process

    def _replace_dead(self) -> None:
        for place, one in enumerate(self._workers):
            if one.exitcode is not None:
                log.warning("a process of the server ended (%d): another starts", one.exitcode)
                # one that can't begin would be started again and again
                time.sleep(max(0.0, self._begun.pop(one.pid) + _LEAST_LIFE - time.monotonic()))
                self._workers[place] = self._start()

    def _stop(self) -> None:
        """Let all finish what they are at; who is asked again, or too long, waits no more."""
        for one in self._workers:
            one.terminate()
        until = time.monotonic() + _PATIENCE
        while any(one.is_alive() for one in self._workers):
            heard = signal.sigtimedwait(self._heard, max(0.0, until - time.monotonic()))
            if heard is None or heard.si_signo == signal.SIGINT:
                for one in self._workers:
                    one.kill()
                break
        for one in self._workers:
            one.join()

    def _be(self) -> None:
        """A worker, from its first moment on."""
        for name in _STOPS[:2]:
            signal.signal(getattr(signal, name), _leave)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        threading.Thread(target=_leave_with_parent, name="penchant-parent", daemon=True).start()
        try:
            self._work()
        except PenchantError as error:
            log.error("a process of the server can't begin: %s", error)
            raise SystemExit(1) from None


def _leave(_: int, __: object) -> None:
    raise SystemExit


def _leave_with_parent() -> None:
    """A worker must not stay behind alone, even if the parent is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
