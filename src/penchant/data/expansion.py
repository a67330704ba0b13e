"""The limit on what compressed files expand to: a small file can hold very many equal bytes."""

from __future__ import annotations

from pathlib import Path

from penchant.errors import DataError

FACTOR = 200
"""How many times its own size a file may expand to; logs are at 5 to 50 times theirs."""
FREE = 256 << 20
"""Bytes that any file may expand to."""


class Expansion:
    """Counts the bytes that come out of a compressed file.

    Parameters
    ----------
    path
        The file. Its limit is 256 MiB, or ``factor`` times its size if that is more.
    factor
        How many times its own size the file may expand to.
    remedy
        What to do where a file that expands further is meant so, for the message. None: to give
        the readers a larger ``max_expansion``.
    """

    def __init__(self, path: Path, factor: float = FACTOR, *, remedy: str | None = None) -> None:
        self._name, self._factor, self._remedy = path.name, factor, remedy
        self._size = path.stat().st_size
        self._limit = max(FREE, int(factor * self._size))
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
            higher = 10 * self._limit / max(self._size, 1)
            remedy = self._remedy or f"allow more: max_expansion={higher:.0f}"
            raise DataError(
                f"{self._name} expands to more than {self._limit / 1e6:,.0f} MB, over "
                f"{self._factor:g} times its size, as a file made to fill the disk would. If it is "
                f"meant so, {remedy}"
            )
