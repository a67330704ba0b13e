"""Run a command in a terminal: a pseudo terminal that is 80 columns wide."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LONGEST = 60.0  # seconds


@dataclass(frozen=True)
class Shown:
    """What a command showed in its terminal."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """The text without the codes of colors and of the cursor."""
        return _CONTROL.sub("", self.raw).replace("\r", "")


def in_terminal(
    *words: object,
    answers: Sequence[tuple[str, str]] = (),
    folder: Path | None = None,
    **environment: str,
) -> Shown:
    """Run ``penchant``; type each answer after its question is shown."""
    parent, child = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment}
    env = {name: value for name, value in env.items() if value or name != "NO_COLOR"}
    command = [sys.executable, "-m", "penchant", *map(str, words)]
    process = subprocess.Popen(
        command, env=env, cwd=folder, preexec_fn=lambda: os.login_tty(child), pass_fds=(child,)
    )
    os.close(child)
    shown, waiting, ends = b"", list(answers), time.monotonic() + _LONGEST
    try:
        while time.monotonic() < ends:
            if select.select([parent], [], [], 0.1)[0]:
                try:
                    part = os.read(parent, 65536)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                shown += part
            elif process.poll() is not None:
                break
            if waiting and waiting[0][0] in shown.decode("utf-8", "replace"):
                os.write(parent, waiting.pop(0)[1].encode() + b"\n")
    finally:
        os.close(parent)
        if process.poll() is None and time.monotonic() >= ends:
            process.kill()
    return Shown(process.wait(10), shown.decode("utf-8", "replace"))
