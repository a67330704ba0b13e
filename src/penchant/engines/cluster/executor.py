"""What an engine needs of a cluster: to run one function on many small tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

__all__ = ["Executor"]

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


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
    ) -> Sequence[ResultT]:
        """Run a function on each task, and return the results in the order of the tasks.

        An error of a task is raised here as it is, and tasks that are not finished are dropped.
        """

    @abstractmethod
    def sees(self, path: Path) -> bool:
        """Return whether all present workers see a file."""
