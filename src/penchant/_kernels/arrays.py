"""Array types of the facades, and the checks of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


def as_native(array: npt.NDArray[Any], dtype: npt.DTypeLike, name: str, *shape: int | None) -> Any:
    """Convert an array to a dtype and C order, and check its shape (None: any length).

    The caller's array is never changed; it is copied only where dtype or order differ.

    Raises
    ------
    ValueError
        If the shape differs.
    """
    out = np.ascontiguousarray(array, dtype=dtype)
    if out.ndim == len(shape):
        for have, want in zip(out.shape, shape, strict=True):  # any() would take twice as long
            if want is not None and have != want:
                break
        else:
            return out
    wanted = ", ".join("n" if want is None else str(want) for want in shape)
    raise ValueError(f"{name} must have shape ({wanted}), got {out.shape}")
