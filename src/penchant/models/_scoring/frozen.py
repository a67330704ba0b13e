"""Arrays that nobody writes to any more, and what was made of them.

A model that stays as it is has the same arrays in every call: what takes long to make of them,
such as vectors of length one and what rules items out, is made once and kept while they live.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from penchant import _kernels

Array = npt.NDArray[Any]
AnyArray = TypeVar("AnyArray", bound=Array)

MANY = 4096
"""Items from which on an index is worth its memory."""

ENOUGH = 32
"""Single queries that take as long without an index as it takes to make one."""

_FEW = 4
"""More queries at a time have all items packed first, which takes as long as half an index."""


class _Kept:
    """What was made of one array, and how many queries were asked about it."""

    def __init__(self, array: Array) -> None:
        key = id(array)
        self.array = weakref.ref(array, lambda _: _known.pop(key, None))
        self.made: dict[Callable[[Any], Array], Array] = {}
        self.index: _kernels.FactorIndex | None = None
        self.asked = 0
        self.lock = threading.Lock()


_known: dict[int, _Kept] = {}
"""By the identity of the array, while that is there."""

_adding = threading.Lock()

_hurried: ContextVar[bool] = ContextVar("hurried", default=False)


def freeze(array: AnyArray) -> AnyArray:
    """The same array, which nobody will write to from now on: what is made of it may be kept."""
    array.setflags(write=False)
    _known[id(array)] = _Kept(array)  # anew: what was made before it could be written to is void
    return array


def cached(array: Array, make: Callable[[Any], Array]) -> Array:
    """``make(array)``; of a frozen array, or one of a file, always the same one, frozen too."""
    kept = _kept_of(array)
    if kept is None:
        return make(array)
    made = kept.made.get(make)
    if made is None:  # else who asks waits for nobody, not even for an index that is being made
        with kept.lock:
            made = kept.made.get(make)
            if made is None:
                made = kept.made[make] = freeze(make(array))
    return made


def index_of(items: Array, n_queries: int, threads: int | None) -> _kernels.FactorIndex | None:
    """What rules items out when some queries are asked about them; None: nothing (yet).

    It is made once the queries of several calls took about as long as making it, but not by who
    is :func:`no_index_build`. Who asks meanwhile does not wait for it.
    """
    kept = _kept_of(items) if len(items) >= MANY else None
    if kept is None:
        return None
    again = kept.asked > 0
    kept.asked += n_queries if n_queries <= _FEW else max(n_queries, ENOUGH // 2)
    if kept.index is None and again and kept.asked >= ENOUGH and not _hurried.get():
        _add_index(kept, items, threads)
    return kept.index


@contextlib.contextmanager
def no_index_build() -> Iterator[None]:
    """While the block runs, no index is made for what is asked in it.

    That takes as long as dozens of queries, and many times that where others ask meanwhile: a
    server leaves it to a thread that nobody waits for, which calls :func:`prepare_index`.
    """
    token = _hurried.set(True)
    try:
        yield
    finally:
        _hurried.reset(token)


def prepare_index(items: Array, threads: int | None) -> None:
    """Make what :func:`index_of` would make once items were asked for often."""
    kept = _kept_of(items)
    if kept is not None:
        kept.asked = max(kept.asked, ENOUGH)
        index_of(items, 0, threads)


def _add_index(kept: _Kept, items: Array, threads: int | None) -> None:
    """Make it, unless somebody else is at it."""
    if kept.lock.acquire(blocking=False):
        try:
            if kept.index is None:
                kept.index = _kernels.factor_index(items, threads=threads)
        finally:
            kept.lock.release()


def _kept_of(array: Array) -> _Kept | None:
    """What is kept of an array; None if somebody may write to it."""
    if array.flags.writeable:
        return None
    kept = _known.get(id(array))
    if kept is not None and kept.array() is array:
        return kept
    if not _is_of_a_file(array):
        return None
    with _adding:
        known = _known.get(id(array))
        if known is None or known.array() is not array:
            known = _known[id(array)] = _Kept(array)
    return known


def _is_of_a_file(array: Array) -> bool:
    base: object = array
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)
