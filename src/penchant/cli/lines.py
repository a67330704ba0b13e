"""Write errors, warnings and remarks to stderr: wrapped at words and in color on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

_STYLES = {"error": "1;31", "fault": "1;31", "warning": "1;33"}
_NARROWEST = 20


def write(kind: str, text: str) -> None:
    """Write a message to stderr, after the program's name and the kind of message.

    A terminal gets lines of its width, broken between words; a file or a pipe gets the message as
    it is, one line for each of its lines.
    """
    stream = sys.stderr
    begin = f"penchant: {kind}: " if kind else "penchant: "
    message = f"{begin}{text}"
    if stream.isatty():
        message = wrapped(message, shutil.get_terminal_size().columns)
        if kind in _STYLES and has_color():
            message = (
                begin.replace(kind, f"\x1b[{_STYLES[kind]}m{kind}\x1b[0m") + message[len(begin) :]
            )
    print(message, file=stream)


def has_color() -> bool:
    """Return whether text on a terminal is colored; see https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")


def wrapped(text: str, width: int) -> str:
    """Return a text in lines of a width, broken between words and indented after the first."""
    return "\n".join(
        textwrap.fill(
            line,
            max(width - 1, _NARROWEST),
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )
