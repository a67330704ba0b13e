"""Training on the workers of a Dask cluster."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from penchant.data.blocks import ENTRIES_PER_BLOCK
from penchant.engines.block_progress import OnBlock
from penchant.engines.cluster.engine import Cluster, FixedSideMode
from penchant.engines.cluster.executor import Executor, ResultT, TaskT, WorkerMemory
from penchant.engines.cluster.files import File
from penchant.errors import PenchantError, reason_of, require

__all__ = ["Dask"]

_RETRIES = 3


class DaskExecutor(Executor):
    """Runs tasks by a ``distributed.Client``; their results are released once they are here.

    The dashboard shows tasks by the names of their functions, such as ``solve``.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._distributed = require("distributed", extra="dask", what="Trainings on a cluster")

    def map(
        self, function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]
    ) -> Iterator[ResultT]:
        """See :meth:`Executor.map`.

        Raises
        ------
        PenchantError
            If workers are lost again and again, or the scheduler is.
        """
        distributed = self._distributed
        group = f"{function.__name__}-{uuid.uuid4().hex}"
        keys = [(group, number) for number in range(len(tasks))]
        futures: list[Any] = []
        try:
            futures = self._client.map(function, tasks, key=keys, pure=False, retries=_RETRIES)
            yield from self._results(futures)
        except distributed.KilledWorker as error:
            raise PenchantError(
                f"workers of the cluster ended while they ran a task ({error}): see their logs; "
                "if they lacked memory, use larger workers, fewer factors, or (of an ingest) a "
                "lower memory_limit="
            ) from error
        except Exception as error:
            if isinstance(error, PenchantError) or self._is_connected:
                raise
            raise self._lost(error) from error
        finally:
            if self._is_connected:
                self._client.cancel(futures)

    @property
    def _is_connected(self) -> bool:
        """Whether the scheduler is there, as far as the client knows."""
        return bool(self._client.status == "running")

    @staticmethod
    def _lost(reason: Exception) -> PenchantError:
        return PenchantError(
            f"the scheduler of the cluster is lost ({reason_of(reason)}): start it again, and "
            "repeat the call; a training with a checkpoint continues after its last epoch, an "
            "ingest where it was"
        )

    def _results(self, futures: list[Any]) -> Iterator[Any]:
        """Yield the results in the order of the futures, each once it is there."""
        numbers = {future.key: number for number, future in enumerate(futures)}
        ready: dict[int, Any] = {}
        following = 0
        for future, result in self._distributed.as_completed(futures, with_results=True):
            if isinstance(result, CancelledError):  # not raised by as_completed
                raise self._lost(result)
            ready[numbers[future.key]] = result
            while following in ready:
                yield ready.pop(following)
                following += 1

    def sees(self, file: File) -> bool:
        """See :meth:`Executor.sees`."""
        return all(self._client.run(file.is_file).values())

    def memory(self) -> WorkerMemory | None:
        """See :meth:`Executor.memory`; by the limits that workers were started with."""
        workers = self._client.scheduler_info()["workers"].values()
        limits = [worker["memory_limit"] for worker in workers if worker["memory_limit"]]
        if not limits:
            return None
        return WorkerMemory(min(limits), max(worker["nthreads"] for worker in workers))


class Dask(Cluster):
    """Trains on a Dask cluster, block by block.

    See :class:`penchant.engines.cluster.engine.Cluster` for what is guaranteed.

    Parameters
    ----------
    client
        A ``distributed.Client``, of a cluster of any kind. Its workers need the same version of
        penchant.
    folder
        A folder that this process and all workers share: a path that is the same for all, or an
        address such as ``s3://bucket/trainings``. The training uses a new folder in it, which is
        removed with the engine. None: a temporary folder, for workers on this machine.
    entries_per_block
        The entries of a block, about, where interactions in memory are cut. Data sets on disk keep
        their blocks; their folder must be at the same path on all workers.
    threads
        The threads of each task; a worker runs as many tasks as it has threads of its own.
    fixed_side, on_block
        As for :class:`penchant.engines.cluster.engine.Cluster`.
    checkpoint, resume
        As for :class:`penchant.engines.Blocks`; this process writes the file.

    Raises
    ------
    MissingExtraError
        If ``distributed``, or the library for such addresses, is not installed.
    SettingsError
        If a number is less than 1, a worker does not see the folder, or ``resume=False``
        has no ``checkpoint``.
    DatasetError
        If the folder can't be written to.
    """

    def __init__(
        self,
        client: Any,
        *,
        folder: str | Path | None = None,
        entries_per_block: int = ENTRIES_PER_BLOCK,
        threads: int = 1,
        fixed_side: FixedSideMode = "auto",
        checkpoint: str | Path | None = None,
        resume: bool = True,
        on_block: OnBlock | None = None,
    ) -> None:
        super().__init__(
            DaskExecutor(client),
            folder=folder,
            entries_per_block=entries_per_block,
            threads=threads,
            fixed_side=fixed_side,
            checkpoint=checkpoint,
            resume=resume,
            on_block=on_block,
        )
