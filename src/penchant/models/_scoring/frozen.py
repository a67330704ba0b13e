"""Read-only arrays, for values that a model no longer changes."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy.typing as npt

Array = TypeVar("Array", bound=npt.NDArray[Any])


def freeze(array: Array) -> Array:
    """Mark an array as read-only and return it, so that an item index may cache what it derives."""
    array.setflags(write=False)
    return array
