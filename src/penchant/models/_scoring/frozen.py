"""Read-only arrays: what a model no longer changes."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy.typing as npt

Array = TypeVar("Array", bound=npt.NDArray[Any])


def freeze(array: Array) -> Array:
    """Mark an array as read-only and return it: what an item index derives from it is kept."""
    array.setflags(write=False)
    return array
