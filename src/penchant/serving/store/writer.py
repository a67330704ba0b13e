"""One thread that writes for all: what is asked for at the same time is made durable together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from penchant.errors import StoreError

Connection = TypeVar("Connection")
T = TypeVar("T")

_TOGETHER = 500  # works in one transaction, at most


@dataclass(frozen=True)
class _Work(Generic[Connection]):
    do: Callable[[Connection], Any]
    future: Future[Any] = field(default_factory=Future)


class Writer(Generic[Connection]):
    """Does works one after the other, those that wait in one transaction.

    A commit waits for the disk; while it does, works gather for the next.

    Parameters
    ----------
    begin
        Gives a connection in a transaction, which is committed at the end of the context, or
        rolled back where that is left by an exception.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._waiting: queue.SimpleQueue[_Work[Connection] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="penchant-store", daemon=True)
        self._thread.start()

    def submit(self, do: Callable[[Connection], T]) -> Future[T]:
        """Have something done; the future is done once it is committed.

        Raises
        ------
        StoreError
            If the writer is closed.
        """
        work = _Work(do)
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            self._waiting.put(work)
        return work.future

    def close(self) -> None:
        """Do what is waiting, and end."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            works = [first]
            while len(works) < _TOGETHER and not self._waiting.empty():
                work = self._waiting.get()
                if work is None:
                    self._waiting.put(None)
                    break
                works.append(work)
            self._do([one for one in works if one.future.set_running_or_notify_cancel()])

    def _do(self, works: list[_Work[Connection]]) -> None:
        """All in one transaction; where one of them fails, each in its own."""
        results: list[Any] = []
        begun = False
        try:
            with self._begin() as connection:
                begun = True
                results += [work.do(connection) for work in works]
        except Exception as error:
            if len(works) > 1 and begun and not results:
                for work in works:
                    self._do([work])
                return
            for work in works:
                work.future.set_exception(error)
        else:
            for work, result in zip(works, results, strict=True):
                work.future.set_result(result)
