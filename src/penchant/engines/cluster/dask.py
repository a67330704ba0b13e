"""Training on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from penchant.data.blocks import ENTRIES_PER_BLOCK
from penchant.engines.cluster.engine import Cluster
from penchant.engines.cluster.executor import Executor, ResultT, TaskT
from penchant.errors import PenchantError, require

__all__ = ["Dask"]

_RETRIES = 3


class DaskExecutor(Executor):
    """Runs tasks by a ``distributed.Client``; the results of a call are gathered, then released."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._distributed = require("distributed", extra="dask", what="Trainings on a cluster")

    def map(
        self, function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT]
    ) -> Sequence[ResultT]:
        """See :meth:`Executor.map`.

        Raises
        ------
        PenchantError
            If workers are lost again and again.
        """
        futures = self._client.map(function, tasks, pure=False, retries=_RETRIES)
        try:
            results: Sequence[ResultT] = self._client.gather(futures)
        except self._distributed.KilledWorker as error:
            raise PenchantError(
                f"workers of the cluster ended while they ran a task ({error}): see their logs; "
                "if they lacked memory, use fewer factors or larger workers"
            ) from error
        finally:
            self._client.cancel(futures)
        return results

    def sees(self, path: Path) -> bool:
        """See :meth:`Executor.sees`."""
        return all(self._client.run(path.is_file).values())


class Dask(Cluster):
    """Trains on a Dask cluster, block by block.

    See :class:`penchant.engines.cluster.engine.Cluster` for what is guaranteed.

    Parameters
    ----------
    client
        A ``distributed.Client``, of a cluster of any kind. Its workers need the same version of
        penchant.
    folder
        A folder that this process and all workers share; the training uses a new folder in it,
        which is removed with the engine. None: a temporary folder, for workers on this machine.
    entries_per_block
        The entries of a block, about, where interactions in memory are cut. Data sets on disk keep
        their blocks; their folder must be at the same path on all workers.
    threads
        The threads of each task; a worker runs as many tasks as it has threads of its own.
    checkpoint, resume
        As for :class:`penchant.engines.Blocks`; this process writes the file.

    Raises
    ------
    MissingExtraError
        If ``distributed`` is not installed (``penchant[dask]``).
    SettingsError
        If a number is less than 1, a worker does not see the folder, or ``resume`` has no
        ``checkpoint``.
    """

    def __init__(
        self,
        client: Any,
        *,
        folder: str | Path | None = None,
        entries_per_block: int = ENTRIES_PER_BLOCK,
        threads: int = 1,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> None:
        super().__init__(
            DaskExecutor(client),
            folder=folder,
            entries_per_block=entries_per_block,
            threads=threads,
            checkpoint=checkpoint,
            resume=resume,
        )
