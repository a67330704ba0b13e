"""The layout of factors in memory that the kernels of ALS need."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from penchant import _native

CACHE_LINE = 64
FACTOR_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def align_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lay factors out for the kernels: the same numbers, shape (n, f).

    Rows are padded with zeros to whole vectors of the instruction set in use and begin on a cache
    line, since a vector across two lines takes twice as long to load. Factors that are laid out
    so already are returned as they are; else a copy is returned.

    Parameters
    ----------
    factors
        float32 or float64, shape (n, f).
    """
    whole = _aligned_rows(_checked(factors))
    if whole is not None and whole.ctypes.data % CACHE_LINE == 0:
        return factors
    n, f = factors.shape
    copy = padded_rows(n, f, factors.dtype)
    copy[:, :f] = factors
    return copy[:, :f]


def padded_rows(n: int, f: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Allocate n padded rows for f factors, shape (n, stride), filled with zeros."""
    return _lines(n, _stride(f, dtype), dtype)


def _checked(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if factors.ndim != 2 or factors.dtype not in FACTOR_DTYPES:
        raise ValueError(
            f"factors must be float32 or float64 of shape (n, f), "
            f"got {factors.dtype} of {factors.shape}"
        )
    return factors


def _lines(n: int, stride: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Allocate zeros, shape (n, stride), that begin on a cache line."""
    size = n * stride * dtype.itemsize
    memory = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    begin = -memory.ctypes.data % CACHE_LINE
    return memory[begin : begin + size].view(dtype).reshape(n, stride)


def _stride(f: int, dtype: np.dtype[Any]) -> int:
    single = dtype == np.float32
    granule = _native.factor_granule32() if single else _native.factor_granule64()
    return -(-f // granule) * granule


def _aligned_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Return the padded rows behind factors, or None if they are not laid out so."""
    n, f = factors.shape
    stride = _stride(f, factors.dtype)
    if stride == f:
        return factors if factors.flags.c_contiguous else None
    owner = factors.base
    if not isinstance(owner, np.ndarray) or not owner.flags.c_contiguous:
        return None
    size = factors.dtype.itemsize
    end = factors.ctypes.data + n * stride * size
    if factors.strides != (stride * size, size) or end > owner.ctypes.data + owner.nbytes:
        return None
    whole = np.lib.stride_tricks.as_strided(factors, (n, stride), factors.strides)
    return None if whole[:, f:].any() else whole


def whole_rows(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the padded rows behind factors that :func:`align_rows` made, without a copy."""
    whole = _aligned_rows(factors)
    if whole is None:
        raise ValueError("factors must be as align_rows gives them")
    return whole


def rows_or_copy(factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return padded rows for reading: the array itself if it is padded, else a copy."""
    whole = _aligned_rows(_checked(factors))
    return whole_rows(align_rows(factors)) if whole is None else whole


def fitting_rows(factors: npt.NDArray[Any], n: int, other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the padded rows of n factors with the type and length of the other side's."""
    if factors.shape != (n, other.shape[1]) or factors.dtype != other.dtype:
        raise unfitting(factors, n, other)
    return whole_rows(factors)


def unfitting(factors: npt.NDArray[Any], n: int, other: npt.NDArray[Any]) -> ValueError:
    """Return the error for factors of another shape or type than the other side needs."""
    return ValueError(
        f"factors of shape {factors.shape}, {factors.dtype}, where ({n}, {other.shape[1]}), "
        f"{other.dtype}, are needed"
    )
