"""Facade of ``scan.hpp``: line ends, control characters and faults of a text file."""

from __future__ import annotations

import os
from pathlib import Path

from penchant import _native
from penchant._kernels.parallel import thread_count

Scan = _native.Scan


def scan(path: Path, begin: int, *, quote: str | None, longest: int, chunk: int = 1 << 20) -> Scan:
    """Scan the bytes of a file from an offset on.

    Parameters
    ----------
    path, begin
        The file and the offset.
    quote
        A quote character to look for, or None.
    longest
        The most bytes that a line may have.
    chunk
        Bytes that a thread reads at once.
    """
    return _native.scan(
        os.fsencode(path),
        begin=begin,
        end=path.stat().st_size,
        quote=quote or "",
        longest=longest,
        chunk=chunk,
        threads=thread_count(None),
    )
