"""The limit on what compressed files expand to: a small file can hold very many equal bytes."""

from __future__ import annotations

import os
from pathlib import Path

from penchant.errors import DataError, SettingsError

RATIO = 200
"""How many times its own size a file may expand to; logs are at 5 to 50 times theirs."""
FREE = 256 << 20
"""Bytes that any file may expand to."""
_VARIABLE = "PENCHANT_MAX_EXPANSION"


class Expansion:
    """Counts the bytes that come out of a compressed file.

    Parameters
    ----------
    path
        The file. Its limit is 256 MiB, or 200 times its size if that is more; the environment
        variable ``PENCHANT_MAX_EXPANSION`` sets another factor.

    Raises
    ------
    SettingsError
        If the variable is not a number of 1 or more.
    """

    def __init__(self, path: Path) -> None:
        self._name, self._ratio = path.name, _ratio()
        self._size = path.stat().st_size
        self._limit = max(FREE, int(self._ratio * self._size))
        self._total = 0

    def add(self, n_bytes: int) -> None:
        """Count some bytes.

        Raises
        ------
        DataError
            If there are more than the file may expand to.
        """
        self._total += n_bytes
        if self._total > self._limit:
            raise DataError(
                f"{self._name} expands to more than {self._limit / 1e6:,.0f} MB, over "
                f"{self._ratio:g} times its size, as a file made to fill the disk would. If it is "
                f"meant so, set the environment variable {_VARIABLE} to a factor above "
                f"{self._limit / max(self._size, 1):.0f}"
            )


def _ratio() -> float:
    text = os.environ.get(_VARIABLE, "")
    if not text:
        return RATIO
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0.0
    if not 1 <= ratio < float("inf"):
        raise SettingsError(
            f"the environment variable {_VARIABLE} must be a number of 1 or more, got {text!r}"
        )
    return ratio
