"""Facade of ``momentum.hpp``: the extrapolation of factors from epoch to epoch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from penchant import _native
from penchant._kernels.aligned import whole_rows
from penchant._kernels.arrays import F32, F64, I16


class QuantizedFactors(NamedTuple):
    """float32 factors at half the memory, from :func:`quantize_previous`."""

    values: I16
    """Shape (n, stride): the numbers of each row relative to its maximum, in 16 bits."""
    row_max: F32
    """Shape (n,): the largest absolute number of each row."""


def quantize_previous(factors: F32, *, threads: int) -> QuantizedFactors:
    """Quantize float32 factors, to 1/65,534 of the largest number of each row."""
    whole = whole_rows(factors)
    out = QuantizedFactors(np.empty(whole.shape, np.int16), np.empty(len(whole), np.float32))
    _native.quantize_previous(whole, values=out.values, row_max=out.row_max, threads=threads)
    return out


def extrapolate(
    factors: F32, previous: QuantizedFactors, rotation: F64 | None, momentum: float, *, threads: int
) -> None:
    """Extrapolate factors by ``momentum`` times their change since the previous ones, in place.

    Parameters
    ----------
    factors
        F, float32, shape (n, f), from :func:`align_rows`: becomes F + momentum (F − BQ).
    previous
        B; becomes F before the extrapolation.
    rotation
        Q, shape (f, f): from the coordinates of B to those of F; None: they are the same.
    momentum
        The factor of the change.
    threads
        The number of threads; the result does not depend on it.
    """
    whole, f = whole_rows(factors), factors.shape[1]
    shape = (f, f) if rotation is None else rotation.shape
    if previous.values.shape != whole.shape or shape != (f, f):
        raise ValueError(
            f"factors of shape {factors.shape} do not fit those before, of shape "
            f"{previous.values.shape}, and a rotation of shape {shape}"
        )
    _native.extrapolate(
        whole,
        values=previous.values,
        row_max=previous.row_max,
        rotation=None if rotation is None else np.ascontiguousarray(rotation, np.float32),
        momentum=momentum,
        threads=threads,
    )
