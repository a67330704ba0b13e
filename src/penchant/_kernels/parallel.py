"""Facade of ``parallel.hpp``: the number of threads."""

from __future__ import annotations

import os
from typing import Any

from penchant.errors import SettingsError


def thread_count(threads: int | None) -> int:
    """Return the number of threads to use.

    That is ``threads`` or, if it is None, the environment variable ``PENCHANT_THREADS`` or, if
    that is not set, the number of cores this process may use.

    Raises
    ------
    SettingsError
        If it is not a positive whole number.
    """
    value: Any = threads if threads is not None else os.environ.get("PENCHANT_THREADS")
    if value is None or value == "":
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1 or isinstance(value, float):
        source = "threads" if threads is not None else "the environment variable PENCHANT_THREADS"
        raise SettingsError(f"{source} must be a whole number of 1 or more, got {value!r}")
    return number
