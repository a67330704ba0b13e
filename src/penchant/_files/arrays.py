"""Declarations of the arrays of model files, and their check before any use.

A model declares each of its arrays once. Saving and loading compare the arrays with the
declarations, so that neither native code nor SciPy meets an index that leads out of an array, in
files of any origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Sizes = Mapping[str, int | str]
"""The dimensions of a model by name, such as ``n_items``, and settings that name a dtype."""

_BLOCK = 1 << 20  # numbers that are compared at a time, so that the check takes no memory


class ArrayMismatchError(ValueError):
    """An array that is not as it is declared."""


@dataclass(frozen=True)
class ArraySpec:
    """What an array of a model file must be.

    Attributes
    ----------
    dtype
        The name of a NumPy type, or of a setting that holds one.
    shape
        Numbers and names of sizes. A name that begins with ``?`` is a length that the file
        determines; all arrays that have it must agree. An array with a name that the sizes lack
        must not be there: that part of the model does not exist.
    min
        The smallest value.
    below
        A bound above all values: a number or the name of a size.
    points_into
        For row pointers: the name of the length of the array that they divide. They rise from 0
        to it.
    optional
        Whether the array may be missing.
    needs
        The name of a size without which the array must not be there.

    Notes
    -----
    Floating-point numbers must be finite, always.
    """

    dtype: str
    shape: tuple[int | str, ...]
    min: int | None = None
    below: int | str | None = None
    points_into: str | None = None
    optional: bool = False
    needs: str | None = None

    def applies(self, sizes: Sizes) -> bool:
        """Whether the model has such an array."""
        return (self.needs is None or self.needs in sizes) and all(
            isinstance(size, int) or size.startswith("?") or size in sizes for size in self.shape
        )


def check_arrays(
    arrays: Mapping[str, Array],
    specs: Mapping[str, ArraySpec],
    sizes: Sizes,
    *,
    finite: bool = True,
) -> None:
    """Compare arrays with their declarations.

    Parameters
    ----------
    arrays
        The arrays by name.
    specs
        The declarations by name.
    sizes
        The sizes that the declarations name.
    finite
        Whether floating-point numbers are looked at; without it, only what could lead out of an
        array is.

    Raises
    ------
    ArrayMismatchError
        If an array is missing, not declared, or not as declared; the message names it, what was
        found and what was expected.
    """
    expected = {name: spec for name, spec in specs.items() if spec.applies(sizes)}
    for name in arrays:
        if name not in expected:
            raise ArrayMismatchError(
                f"array {name!r} has no place in this model, which has "
                f"{', '.join(map(repr, expected)) or 'no arrays'}"
            )
    lengths: dict[str, int] = {}
    for name, spec in expected.items():
        if name in arrays:
            _check_form(name, arrays[name], spec, sizes, lengths)
        elif not spec.optional:
            raise ArrayMismatchError(f"array {name!r} is missing")
    for name, spec in expected.items():  # once all lengths are known
        if name in arrays:
            _check_values(name, arrays[name], spec, {**sizes, **lengths}, finite=finite)


def _check_form(
    name: str, array: Array, spec: ArraySpec, sizes: Sizes, lengths: dict[str, int]
) -> None:
    """Compare dtype and shape; record the lengths that the file determines."""
    dtype = np.dtype(str(sizes.get(spec.dtype, spec.dtype)))
    if array.dtype != dtype:
        raise ArrayMismatchError(f"array {name!r} is {array.dtype}, expected {dtype}")
    wanted = []
    for axis, size in enumerate(spec.shape):
        if isinstance(size, str) and size.startswith("?") and axis < array.ndim:
            wanted.append(lengths.setdefault(size, array.shape[axis]))
        else:
            wanted.append(size if isinstance(size, int) else int(sizes.get(size, 0)))
    if array.shape != tuple(wanted):
        raise ArrayMismatchError(
            f"array {name!r} has shape {array.shape}, expected {tuple(wanted)}"
        )


def _check_values(name: str, array: Array, spec: ArraySpec, sizes: Sizes, *, finite: bool) -> None:
    if spec.points_into is not None:
        check_row_pointers(name, array, int(sizes[spec.points_into]))
    if spec.min is not None and array.size and array.min() < spec.min:
        raise ArrayMismatchError(f"array {name!r} holds {array.min()}, expected {spec.min} or more")
    if spec.below is not None and array.size:
        bound = int(sizes[spec.below]) if isinstance(spec.below, str) else spec.below
        if array.max() >= bound:
            raise ArrayMismatchError(
                f"array {name!r} holds {array.max()}, expected less than {bound:,}"
            )
    if finite and (where := first_not_finite(array)) is not None:
        raise ArrayMismatchError(
            f"array {name!r} holds {array.reshape(-1)[where]} at {where:,}, expected finite numbers"
        )


def check_row_pointers(name: str, pointers: Array, n_entries: int) -> None:
    """Check that row pointers rise from 0 to the number of entries.

    Raises
    ------
    ArrayMismatchError
        If they do not.
    """
    if not len(pointers) or pointers[0] != 0 or pointers[-1] != n_entries:
        ends = f"{pointers[0]} to {pointers[-1]}" if len(pointers) else "nothing"
        raise ArrayMismatchError(f"array {name!r} runs from {ends}, expected 0 to {n_entries:,}")
    if (pointers[1:] < pointers[:-1]).any():
        row = int((pointers[1:] < pointers[:-1]).argmax())
        raise ArrayMismatchError(
            f"array {name!r} falls from {pointers[row]} to {pointers[row + 1]} at row {row:,}, "
            "expected numbers that never fall"
        )


def first_not_finite(array: Array) -> int | None:
    """Return the position of the first number that is NaN or infinite; None if there is none."""
    if array.dtype.kind != "f":
        return None
    flat = array.reshape(-1)
    for begin in range(0, len(flat), _BLOCK):
        wrong = ~np.isfinite(flat[begin : begin + _BLOCK])
        if wrong.any():
            return begin + int(wrong.argmax())
    return None
