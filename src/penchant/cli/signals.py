"""Signals that stop a command: it ends as after Ctrl-C, and leaves no scratch files."""

from __future__ import annotations

import signal
from types import FrameType

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

_received: list[int] = []


def install() -> None:
    """Let signals to stop raise KeyboardInterrupt; those that are ignored (by nohup) stay so."""
    for name in _STOP_SIGNALS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def stopped() -> bool:
    """Return whether a signal to stop was received.

    Libraries may turn the KeyboardInterrupt into an error of their own: DuckDB raises RuntimeError.
    """
    return bool(_received)


def exit_code() -> int:
    """Return the exit code of a stopped command: 128 and the number of the signal, as shells do."""
    return 128 + (_received[0] if _received else signal.SIGINT)


def _interrupt(number: int, _: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
