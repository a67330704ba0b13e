"""A thread that writes for all others, and commits simultaneous writes together."""

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

_MAX_BATCH = 500  # tasks in one transaction


@dataclass(frozen=True)
class _Task(Generic[Connection]):
    do: Callable[[Connection], Any]
    future: Future[Any] = field(default_factory=Future)


class Writer(Generic[Connection]):
    """Run tasks one after the other, those that are waiting in one transaction.

    A commit waits for the disk; meanwhile tasks gather for the next.

    Parameters
    ----------
    begin
        Returns a context with a connection in a transaction, which is committed at its end, or
        rolled back after an exception.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._waiting: queue.SimpleQueue[_Task[Connection] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="penchant-store", daemon=True)
        self._thread.start()

    def submit(self, do: Callable[[Connection], T]) -> Future[T]:
        """Queue a task; the future is done once it is committed.

        Raises
        ------
        StoreError
            If the writer is closed.
        """
        task = _Task(do)
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            self._waiting.put(task)
        return task.future

    def close(self) -> None:
        """Run the waiting tasks and stop."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            tasks = [first]
            while len(tasks) < _MAX_BATCH and not self._waiting.empty():
                task = self._waiting.get()
                if task is None:
                    self._waiting.put(None)
                    break
                tasks.append(task)
            self._do([task for task in tasks if task.future.set_running_or_notify_cancel()])

    def _do(self, tasks: list[_Task[Connection]]) -> None:
        """Run tasks in one transaction; if one fails, each in its own."""
        results: list[Any] = []
        started = False
        try:
            with self._begin() as connection:
                started = True
                results += [task.do(connection) for task in tasks]
        except Exception as error:
            if len(tasks) > 1 and started and not results:
                for task in tasks:
                    self._do([task])
                return
            for task in tasks:
                task.future.set_exception(error)
        else:
            for task, result in zip(tasks, results, strict=True):
                task.future.set_result(result)
