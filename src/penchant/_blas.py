"""The limit of BLAS to one thread, which is global to the process and has one owner: this module.

BLAS's own threads gain nothing in problems of this library's sizes, they spin beside the threads
of the native kernels, and their number changes the last bits of results. The limit is counted:
the first block of any thread sets it, and the last one to end restores what was before. Libraries
are loaded before the limit is set, since one that is loaded within a block begins with threads.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Limit:
    """The state of the limit: how many blocks are active, and what to restore after them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_blocks = 0
        self.restored: dict[str, tuple[Any, int]] = {}
        """File of a library → its controller, and the number of threads before."""
        self._controllers: dict[str, Any] = {}
        self._loaded: tuple[bool, ...] = ()

    def begin(self) -> list[tuple[Any, int]]:
        """Enter a block; libraries that were loaded since others entered are limited too.

        Returns the libraries that have a limit per thread, with the present one, for :meth:`end`.
        """
        own = []
        with self.lock:
            for path, controller in self._found().items():
                if _is_per_thread(controller):
                    own.append((controller, controller.num_threads))
                    controller.set_num_threads(1)
                elif path not in self.restored:
                    self.restored[path] = (controller, controller.num_threads)
                    _set_for_process(controller, 1)
            self.n_blocks += 1
        return own

    def end(self, own: list[tuple[Any, int]]) -> None:
        """Leave a block."""
        for controller, number in own:
            controller.set_num_threads(number)
        with self.lock:
            self.n_blocks -= 1
            if not self.n_blocks:
                self.restore()

    def restore(self) -> None:
        """Lift the limit of the process."""
        for controller, number in self.restored.values():
            _set_for_process(controller, number)
        self.restored = {}

    def _found(self) -> dict[str, Any]:
        """Return the BLAS libraries by file; the process is searched again after an import."""
        import threadpoolctl

        loaded = tuple(name in sys.modules for name in ("scipy.linalg", "torch", "sklearn"))
        if not self._controllers or loaded != self._loaded:
            libraries = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
            self._controllers = {library.filepath: library for library in libraries}
            self._loaded = loaded
        return self._controllers


def _is_per_thread(controller: Any) -> bool:
    """Whether the limit of a library is that of the calling thread."""
    return (
        controller.internal_api == "mkl" or getattr(controller, "threading_layer", "") == "openmp"
    )


def _set_for_process(controller: Any, number: int) -> None:
    """Set the limit of a library whichever thread has set it before.

    threadpoolctl lets the first thread that sets the limit of OpenBLAS control it, and ignores
    others without a word: a limit that one thread sets and another one lifts would stay.
    """
    clear = getattr(controller, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
    controller.set_num_threads(number)
    if clear is not None:
        clear(force=True)


_LIMIT = _Limit()


def _after_fork() -> None:
    """Reset the limit in a forked process, in which no other thread lives on to leave its block."""
    global _LIMIT
    _LIMIT.restore()
    _LIMIT = _Limit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def one_blas_thread(*, scipy: bool = False) -> Iterator[None]:
    """Limit BLAS to the calling thread within a block.

    Parameters
    ----------
    scipy
        Whether the block uses SciPy's linear algebra, which has a BLAS of its own and is loaded
        first. NumPy's is always loaded; importing SciPy takes half a second.
    """
    if scipy:
        importlib.import_module("scipy.linalg")
    limit = _LIMIT
    own = limit.begin()
    try:
        yield
    finally:
        limit.end(own)
