"""What an engine needs of a cluster: to run one function on many small tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from penchant.engines.cluster.files import File

__all__ = ["Executor", "WorkerMemory"]

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class WorkerMemory(NamedTuple):
    """The memory of a worker in bytes, and how many tasks it runs at once."""

    limit: int
    tasks: int


class Executor(ABC):
    """Runs functions on tasks, in any process that sees the engine's folder.

    Functions are importable by name. Tasks and results are small and can be pickled: arrays of
    factors are in files. A function does the same whenever it runs, and a file that it writes has
    a name of its own in each run, so that an executor may run a task twice, or again after a
    worker is lost.
    """

    @abstractmethod
    def map(
        self, function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]
    ) -> Iterable[ResultT]:
        """Run a function on each task, and return the results in the order of the tasks.

        An iterator may return each result once it is there, which progress is reported by. An
        error of a task is raised as it is, and tasks that are not finished are dropped.
        """

    @abstractmethod
    def sees(self, file: File) -> bool:
        """Return whether all present workers see a file."""

    def memory(self) -> WorkerMemory | None:
        """Return the memory of the worker with the least; None: it is not known."""
        return None
