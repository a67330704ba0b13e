"""Where a training is written, to continue from after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from penchant.data.paths import is_remote
from penchant.errors import SettingsError


@dataclass(frozen=True)
class CheckpointFile:
    """Where a training is written after each epoch.

    Attributes
    ----------
    path
        The file, or its address in an object store; it is replaced once the next is complete.
    resume
        Whether a training continues from the file, if it is there, or replaces it.
    """

    path: Path | str
    resume: bool


def checkpoint_file(path: str | Path | None, resume: bool) -> CheckpointFile | None:
    """Return where trainings are written.

    Raises
    ------
    SettingsError
        If a file is to be replaced and none is named.
    """
    if path is None and not resume:
        raise SettingsError("resume=False needs the file of the training, checkpoint=…")
    return None if path is None else CheckpointFile(path if is_remote(path) else Path(path), resume)
