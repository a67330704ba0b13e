"""How a file of text is written, and its columns, from the options of a command."""

from __future__ import annotations

import re
from typing import Any

from penchant.cli.data_options import LogOptions

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "\\t": "\t"}
_WHETHER = {"auto": None, "yes": True, "no": False}


def text_format(options: LogOptions, prefix: str = "") -> dict[str, Any]:
    """Return the format of a text file: of the log, or by the options with a prefix."""
    sep, quote, encoding, header = (
        getattr(options, prefix + name) for name in ("sep", "quote", "encoding", "header")
    )
    return {
        "sep": separator(sep),
        "quote": None if quote in ("none", "") else quote,
        "encoding": encoding,
        "header": _WHETHER[header],
        "on_bad_lines": options.on_bad_lines,
        "max_expansion": options.max_expansion,
    }


def column(text: str | None) -> str | int | None:
    """Return a column's name, or its position if the text is a whole number."""
    return int(text) if text is not None and re.fullmatch(r"-?\d+", text) else text


def separator(text: str | None) -> str | None:
    r"""Return a separator from its name, such as ``tab`` or ``\t`` for a tab."""
    return text if text is None else SEPARATORS.get(text, text)
