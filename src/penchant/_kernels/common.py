"""What the facades share: array types, the check of one array, threads and instruction sets."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native
from penchant.errors import SettingsError

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


MAX_THREADS = 1024
"""No more are begun, whatever is asked for: no result depends on their number."""


def thread_count(threads: int | None) -> int:
    """The number of threads to use: as asked, else ``PENCHANT_THREADS``, else all cores we may use.

    Raises
    ------
    SettingsError
        If it is not a positive whole number.
    """
    asked: Any = threads if threads is not None else os.environ.get("PENCHANT_THREADS")
    if asked is None or asked == "":
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    try:
        number = int(asked)
    except ValueError:
        number = 0
    if number < 1 or isinstance(asked, float):
        source = "threads" if threads is not None else "the environment variable PENCHANT_THREADS"
        raise SettingsError(f"{source} must be a whole number of 1 or more, got {asked!r}")
    return min(number, MAX_THREADS)


def current_isa() -> str:
    """The instruction set in use: ``"baseline"``, ``"avx2"`` or ``"avx512"``.

    Raises
    ------
    SettingsError
        If the environment variable ``PENCHANT_ISA`` names one that is not available here.
    """
    try:
        return _native.current_isa()
    except ValueError as error:
        raise SettingsError(f"the environment variable PENCHANT_ISA: {error}") from error


current_isa()  # at once, not in the middle of a fit


def available_isas() -> list[str]:
    """The instruction sets that this build holds and this processor runs, the widest last."""
    return _native.available_isas()


def set_isa(name: str) -> None:
    """Force an instruction set from now on (for tests).

    Raises
    ------
    SettingsError
        If it is not available here.
    """
    try:
        _native.set_isa(name)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def as_native(array: npt.NDArray[Any], dtype: npt.DTypeLike, name: str, *shape: int | None) -> Any:
    """The array as native code takes it: this dtype, C order, this shape (None: any length).

    The caller's array is never changed; it is copied only where dtype or order differ.
    """
    out = np.ascontiguousarray(array, dtype=dtype)
    if out.ndim != len(shape) or any(
        want is not None and have != want for have, want in zip(out.shape, shape, strict=True)
    ):
        wanted = ", ".join("n" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {out.shape}")
    return out
