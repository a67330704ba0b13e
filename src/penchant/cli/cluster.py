"""Train on a Dask cluster, or with checkpoints, from the command line."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from penchant.cli import explicit
from penchant.cli.options import option
from penchant.errors import PenchantError, SettingsError, UnsupportedError, require

if TYPE_CHECKING:
    from penchant.engines.base import Engine
    from penchant.models.base import Model

_LOCAL = "local:"
_FEW_WAKEUPS = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.worker.profile.enabled": False,
}
"""Dask's monitors take a tenth of a core for each two processes, idle or not (measured)."""
_PANEL = "Cluster"


@dataclass(frozen=True)
class ClusterOptions:
    """Where the half steps of ALS run, if not in this process, and its checkpoints."""

    cluster: Annotated[
        str | None,
        option(
            "Train ALS on a Dask cluster: the address of its scheduler, tcp://HOST:8786, or "
            "local:N for N processes of this machine.",
            "--cluster",
            metavar="ADDRESS",
            panel=_PANEL,
            advanced=True,
        ),
    ] = None
    cluster_folder: Annotated[
        str | None,
        option(
            "A folder that all workers share, for the files of the training: a path, or an address "
            "such as s3://BUCKET/FOLDER. Default: a temporary folder of this machine.",
            "--cluster-folder",
            metavar="FOLDER",
            panel=_PANEL,
            advanced=True,
        ),
    ] = None
    checkpoint: Annotated[
        str | None,
        option(
            "Write the training of ALS to this file, or to this address, after each epoch.",
            "--checkpoint",
            metavar="FILE",
            panel=_PANEL,
            advanced=True,
        ),
    ] = None
    resume: Annotated[
        bool,
        option(
            "Continue the training of --checkpoint FILE, if it is there, or replace the file.",
            "--resume/--no-resume",
            panel=_PANEL,
            advanced=True,
        ),
    ] = True

    @property
    def _is_plain(self) -> bool:
        """Whether the training has neither a cluster nor checkpoints."""
        return self.cluster is None and self.checkpoint is None

    def check(self, model: Model) -> None:
        """Check that the options go together and with a model, which may be unfitted.

        Raises
        ------
        SettingsError
            If a folder is named without a cluster, or a training is to be continued, or replaced,
            without its file.
        UnsupportedError
            If models of this kind have neither clusters nor checkpoints.
        """
        from penchant.models.als.factor_model import FactorModel

        if self.cluster is None and self.cluster_folder is not None:
            raise SettingsError("--cluster-folder is for a training with --cluster ADDRESS")
        if self.checkpoint is None:
            explicit.refuse("a training continues from --checkpoint FILE alone", "resume")
        if not self._is_plain and not isinstance(model, FactorModel):
            raise UnsupportedError(
                f"models of kind {model.kind!r} have no clusters and no checkpoints: leave out "
                "--cluster and --checkpoint, or use --model als"
            )

    @contextlib.contextmanager
    def engine_for(self, model: Model) -> Iterator[Engine[Any, Any] | None]:
        """Connect to the cluster, if one is named, and give its engine while the block runs.

        Without a cluster, a training with checkpoints runs block by block on this machine.

        Raises
        ------
        SettingsError
            If the address can't be used.
        MissingExtraError
            If ``distributed`` is not installed.
        PenchantError
            If the scheduler does not answer.
        """
        if self._is_plain:
            yield None
            return
        from penchant.engines import Blocks

        saving: dict[str, Any] = {"checkpoint": self.checkpoint, "resume": self.resume}
        if self.cluster is None:
            yield Blocks(threads=model.threads, **saving)
            return
        with engine_of(self.cluster, self.cluster_folder, **saving) as engine:
            yield engine


@contextlib.contextmanager
def engine_of(address: str, folder: str | None, **saving: Any) -> Iterator[Any]:
    """Connect to a cluster as :func:`client_of` does, and close its engine after the block."""
    with client_of(address) as client:
        from penchant.engines import Dask

        with contextlib.closing(Dask(client, folder=folder, **saving)) as engine:
            yield engine


@contextlib.contextmanager
def client_of(address: str) -> Iterator[Any]:
    """Connect to a scheduler, or start processes on this machine."""
    distributed = require("distributed", extra="dask", what="Trainings on a cluster")
    if not address.startswith(_LOCAL):
        try:
            client = distributed.Client(address)
        except (OSError, ValueError) as error:
            raise PenchantError(f"no cluster answers at {address!r}: {error}") from error
        with client:
            yield client
        return
    number = address.removeprefix(_LOCAL)
    if not number.isdecimal() or int(number) < 1:
        raise SettingsError(
            f"--cluster {address!r}: write local: and the number of processes, as in local:4"
        )
    options = {
        "n_workers": int(number),
        "threads_per_worker": 1,
        "dashboard_address": "127.0.0.1:0",  # any port that is free; None: 8787, on all addresses
    }
    import dask  # distributed needs it

    with (
        dask.config.set(_FEW_WAKEUPS),
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(_drop_lost_heartbeats)
        yield client


def _drop_lost_heartbeats() -> None:
    """Keep a worker from printing a traceback when a busy machine ends the scheduler first."""
    logging.getLogger("distributed.worker").addFilter(
        lambda record: "during heartbeat" not in record.getMessage()
    )
