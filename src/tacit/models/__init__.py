"""The models, all under one contract (base.py), and how a saved one is found again."""

from __future__ import annotations

import importlib
from pathlib import Path

from tacit import artifact
from tacit.errors import ArtifactError
from tacit.models.base import Model

# kind in model files → where its class lives
_CLASSES = {
    "als": ("tacit.models.als", "ALS"),
    "item-neighbours": ("tacit.models.neighbours", "ItemNeighbours"),
    "popularity": ("tacit.models.popularity", "Popularity"),
}


def load(path: str | Path, *, verify: bool = True) -> Model:
    """Read a model that was written by ``model.save``.

    Arrays stay in the file and are paged in where they are used; nothing in it is executed.

    Parameters
    ----------
    path
        The file.
    verify
        Compare the checksum of everything (about a second for 1.5 GB), which finds any altered
        byte; without it only the structure is checked.

    Raises
    ------
    ArtifactError
        If there is no such file, it is not a tacit model or its kind is not known.
    CorruptArtifactError
        If it is truncated or altered.
    NewerFormatError
        If a later version of tacit wrote it.
    """
    bundle = artifact.read(path, verify=verify)
    if bundle.model not in _CLASSES:
        raise ArtifactError(
            f"{path} holds a model of kind {bundle.model!r}; "
            f"this tacit knows {', '.join(sorted(_CLASSES))}"
        )
    module, name = _CLASSES[bundle.model]
    cls: type[Model] = getattr(importlib.import_module(module), name)
    return cls.from_bundle(bundle)
