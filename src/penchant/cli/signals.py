"""Signals that stop a command: it ends as after Ctrl-C, and leaves no scratch files."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

_RETRY = 0.02  # seconds after which a lost or deferred interrupt is repeated
_LONGEST_WAIT = 5.0  # seconds for which an interrupt waits for what can't be interrupted
_TEMPFILE = os.path.join(os.path.dirname(os.__file__), "tempfile.py")  # noqa: PTH118, PTH120
_UNINTERRUPTED = ("<frozen importlib", _TEMPFILE)  # how names of source files begin

_received: list[int] = []
_deferred: list[float] = []


def install() -> None:
    """Let signals to stop raise KeyboardInterrupt; those that are ignored (by nohup) stay so."""
    for name in _STOP_SIGNALS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _raise_again


def stopped() -> bool:
    """Return whether a signal to stop was received.

    Libraries may turn the KeyboardInterrupt into an error of their own: DuckDB raises RuntimeError.
    """
    return bool(_received)


def exit_code() -> int:
    """Return the exit code of a stopped command: 128 and the number of the signal, as shells do."""
    return 128 + (_received[0] if _received else signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or later: after an import, and after a call of tempfile.

    Extension modules may abort the process if an exception comes while they set up (DuckDB does).
    The module tempfile leaves files behind: its probe of the folder, folders without a finalizer.
    """
    _received.append(number)
    if _must_wait(frame):
        _deferred.append(time.monotonic())
        if _deferred[-1] - _deferred[0] < _LONGEST_WAIT:
            _thread.start_new_thread(_interrupt_soon, ())
            return
    raise KeyboardInterrupt


def _must_wait(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_UNINTERRUPTED):
            return True
        frame = frame.f_back
    return False


def _raise_again(lost: UnraisableHookArgs) -> None:
    """Repeat an interrupt that Python drops: it came in a finalizer or the callback of a weakref.

    Imports run many of these, and a dropped interrupt would leave the command running.
    """
    if issubclass(lost.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(_interrupt_soon, ())  # one raised here would be lost as well
    else:
        sys.__unraisablehook__(lost)


def _interrupt_soon() -> None:
    time.sleep(_RETRY)
    number = _received[0] if _received else signal.SIGINT
    main = threading.main_thread().ident
    if not hasattr(signal, "pthread_kill"):  # Windows
        _thread.interrupt_main(signal.Signals(number))
    elif main is not None:  # unlike interrupt_main, this ends a system call that waits
        signal.pthread_kill(main, number)
