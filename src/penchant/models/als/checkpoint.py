"""Checkpoints: a training in a file after each epoch, to continue from after a crash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._files import container
from penchant.data.blocks import BlockedRows, MemoryBlocks
from penchant.data.interactions import Interactions
from penchant.engines.base import BlockEngine, Engine
from penchant.engines.checkpoint_file import CheckpointFile
from penchant.errors import SettingsError
from penchant.models.als.checkpoint_place import place_of
from penchant.models.als.settings import AlsSettings
from penchant.models.als.statistics import rows_of_users
from penchant.models.als.trainer import Trainer
from penchant.models.epoch import Epoch

log = logging.getLogger("penchant")

_FORM = "penchant training"
_NOT_OF_RESULT = {"threads", "iterations"}
"""Settings that may change when a training is continued."""


class Checkpoint:
    """The file of a training.

    Parameters
    ----------
    file
        Where it is, and whether to continue from it.
    identity
        What the settings and the data are, see :func:`identity_of`.
    """

    def __init__(self, file: CheckpointFile, identity: str) -> None:
        self._file, self._identity = file, identity
        self._place = place_of(file.path)

    @classmethod
    def of(
        cls, engine: Engine[Any, Any], settings: AlsSettings, kind: str, data: Interactions
    ) -> Checkpoint | None:
        """Return the checkpoint that an engine names; None: it names none."""
        if not isinstance(engine, BlockEngine) or engine.checkpoint is None:
            return None
        return cls(engine.checkpoint, identity_of(settings, kind, data))

    def restore(self, trainer: Trainer[Any, Any]) -> list[Epoch]:
        """Restore a trainer from the file, if it is there, and return the epochs before.

        Raises
        ------
        SettingsError
            If the file is of other settings or data.
        ArtifactError
            If it can't be read.
        """
        if not self._file.resume:
            return []
        with self._place.reading() as path:
            if path is None:
                return []
            arrays, manifest = container.read(path)
        if manifest.get("form") != _FORM or manifest.get("identity") != self._identity:
            raise SettingsError(
                f"{self._file.path} is not a training with these settings and these data: name "
                "another checkpoint, or replace it by resume=False"
            )
        trainer.restore(dict(_restored(name, array) for name, array in arrays.items()))
        epochs = [Epoch(**epoch) for epoch in manifest["epochs"]]
        log.info("continuing from %s after epoch %d", self._file.path, len(epochs))
        return epochs

    def save(self, trainer: Trainer[Any, Any], epochs: Sequence[Epoch]) -> None:
        """Replace the file by the present state, once that is completely written.

        Raises
        ------
        ArtifactError
            If it can't be written; the file of the epoch before is then still there.
        """
        arrays = dict(_storable(name, array) for name, array in trainer.to_arrays().items())
        manifest = {
            "form": _FORM,
            "identity": self._identity,
            "epochs": [dataclasses.asdict(epoch) for epoch in epochs],
        }
        with self._place.writing() as path:
            container.write(path, arrays, manifest)


def checkpointed(
    trainer: Trainer[Any, Any],
    checkpoint: Checkpoint | None,
    iterations: int,
    *,
    epochs: Sequence[Epoch],
    seconds: float,
    track_loss: bool,
) -> tuple[Sequence[Epoch], Iterator[Epoch]]:
    """Run a trainer, from a checkpoint on if there is one, and write one after each epoch.

    Parameters
    ----------
    trainer, iterations, seconds, track_loss
        See :meth:`Trainer.run`; epochs of the checkpoint count as iterations.
    checkpoint
        The file; None: nothing is read or written.
    epochs
        The epochs of an earlier fit, which this training continues instead of a checkpoint.

    Returns
    -------
    tuple
        The epochs before the run, and an iterator that trains epoch by epoch.
    """
    if checkpoint is not None and not epochs and (epochs := checkpoint.restore(trainer)):
        iterations, seconds = iterations - len(epochs), seconds + epochs[-1].seconds
    first = len(epochs) + 1
    run = trainer.run(iterations, first=first, seconds=seconds, track_loss=track_loss)
    return epochs, run if checkpoint is None else _saved(run, checkpoint, trainer, epochs)


def _saved(
    run: Iterator[Epoch],
    checkpoint: Checkpoint,
    trainer: Trainer[Any, Any],
    epochs: Sequence[Epoch],
) -> Iterator[Epoch]:
    """Yield the epochs of a run, each after its checkpoint is written."""
    for epoch in run:
        epochs = [*epochs, epoch]
        checkpoint.save(trainer, epochs)
        yield epoch


def identity_of(settings: AlsSettings, kind: str, data: Interactions) -> str:
    """Return a hash of the settings and of the interactions that determine the factors."""
    rows = rows_of_users(data)
    content = {
        "kind": kind,
        "settings": {
            name: value for name, value in settings.settings.items() if name not in _NOT_OF_RESULT
        },
        "shape": [data.n_users, data.n_items, data.nnz],
        "rows": _checksum(rows.row_counts),
        "entries": _checksums(rows),
        "features": [
            None if side is None else _checksums(MemoryBlocks(side.weights))
            for side in (data.user_features, data.item_features)
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checksums(rows: BlockedRows) -> list[int]:
    """Return checksums of columns and of values; they do not depend on the blocks."""
    columns = values = 0
    for _, block in rows:
        columns = _checksum(block.indices, columns)
        values = _checksum(block.values, values)
    return [columns, values]


def _checksum(array: npt.NDArray[Any], start: int = 0) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data, start)


_INT16 = "_int16"
"""Ends the names of arrays of int16, which the file holds as bytes."""


def _storable(name: str, array: npt.NDArray[Any]) -> tuple[str, npt.NDArray[Any]]:
    array = np.ascontiguousarray(array)
    return (name + _INT16, array.view(np.uint8)) if array.dtype == np.int16 else (name, array)


def _restored(name: str, array: npt.NDArray[Any]) -> tuple[str, npt.NDArray[Any]]:
    if name.endswith(_INT16):
        return name.removesuffix(_INT16), array.view(np.int16)
    return name, array
