"""The style sheets that notebook output, reports and the pages of the server share."""

from __future__ import annotations

import re
from pathlib import Path

STYLES = Path(__file__).with_name("styles")
"""The folder of the shared style sheets: ``tokens``, ``notebook``, ``base``, ``components``."""

_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)


def stylesheet(*names: str, own: Path | None = None) -> str:
    """Return shared style sheets, and a page's own one after them, as one without comments.

    Parameters
    ----------
    names
        Names of files in :data:`STYLES`, without suffix.
    own
        The style sheet of a kind of page.
    """
    files = [STYLES / f"{name}.css" for name in names] + ([] if own is None else [own])
    return "".join(_COMMENT.sub("", file.read_text(encoding="utf-8")) for file in files)
