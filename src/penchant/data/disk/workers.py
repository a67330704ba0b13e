"""What runs the tasks of an ingest: this process, or the workers of a cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from penchant.data.io.workspace import Workspace, workspace
from penchant.data.paths import is_remote
from penchant.errors import SettingsError

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


class TaskRunner(Protocol):
    """Runs functions on tasks; see :class:`penchant.engines.cluster.executor.Executor`."""

    def map(
        self, function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]
    ) -> Iterable[ResultT]:
        """Run a function on each task, and return the results in the order of the tasks."""

    def sees(self, file: Any) -> bool:
        """Return whether all present workers see a file."""


@runtime_checkable
class WorkersEngine(Protocol):
    """An engine over a cluster, as far as an ingest needs it.

    Attributes
    ----------
    folder
        A folder that this process and all workers share.
    threads
        The threads of each task.
    executor
        What runs the tasks.
    """

    @property
    def folder(self) -> str:
        """The folder."""

    @property
    def threads(self) -> int:
        """The threads."""

    @property
    def executor(self) -> Any:
        """What runs the tasks."""


class InProcess:
    """Runs tasks in this process, one after the other."""

    def map(
        self, function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]
    ) -> Iterable[ResultT]:
        """See :class:`TaskRunner`."""
        return map(function, tasks)

    def sees(self, file: Any) -> bool:
        """See :class:`TaskRunner`."""
        return bool(file.is_file())


@dataclass(frozen=True)
class Limits:
    """What each task may use.

    Attributes
    ----------
    memory
        The memory of DuckDB, such as ``"1GB"``.
    threads
        Its threads; None: all cores.
    temp
        The folder for temporary files; None: that of the system.
    in_memory
        Whether tables are made in memory, which is faster; those that exceed it are on disk, but
        take more room there.
    """

    memory: str
    threads: int | None = None
    temp: Path | None = None
    in_memory: bool = False

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Open a workspace within these limits; see :func:`penchant.data.io.workspace.workspace`.

        Raises
        ------
        SettingsError
            If DuckDB can't read the memory limit.
        DataError
            If DuckDB fails on the data, or needs more memory than it may use.
        """
        with workspace(self.memory, self.temp, self.threads) as space:
            space.in_memory = self.in_memory
            yield space


@dataclass(frozen=True)
class SharedFile:
    """A file that workers have to see."""

    path: str

    def is_file(self) -> bool:
        """Return whether this process sees the file."""
        return Path(self.path).is_file()


def shared_folder(engine: object) -> Path:
    """Return the folder that an engine's workers share.

    Raises
    ------
    SettingsError
        If the engine has no workers, or the folder is in an object store.
    """
    if not isinstance(engine, WorkersEngine):
        raise SettingsError(
            f"engine= is a cluster such as penchant.engines.Dask, got {type(engine).__name__}"
        )
    if is_remote(engine.folder):
        raise SettingsError(
            f"an ingest needs a folder that all workers mount, not {engine.folder}: name one by "
            "folder= of the engine"
        )
    return Path(engine.folder)
