"""The registry of models, all under one contract (base.py), and loading of saved ones."""

from __future__ import annotations

import importlib
from pathlib import Path

from penchant._boundary import checked
from penchant._files import artifact
from penchant.errors import ArtifactError, SettingsError
from penchant.models.base import Model

__all__ = ["class_of", "kinds", "load"]

# kind in model files → module and name of its class
_CLASSES = {
    "als": ("penchant.models.als.model", "ALS"),
    "content": ("penchant.models.content", "Content"),
    "blend": ("penchant.models.blend.model", "Blend"),
    "ease": ("penchant.models.linear.ease", "EASE"),
    "graph-filter": ("penchant.models.spectral.graph_filter", "GraphFilter"),
    "hybrid-als": ("penchant.models.als.hybrid", "HybridALS"),
    "item-neighbors": ("penchant.models.neighbors", "ItemNeighbors"),
    "popularity": ("penchant.models.popularity", "Popularity"),
    "pure-svd": ("penchant.models.spectral.pure_svd", "PureSVD"),
    "random": ("penchant.models.random", "Random"),
    "ranking": ("penchant.models.ranking.model", "Ranking"),
    "slim": ("penchant.models.linear.slim", "SLIM"),
    "user-neighbors": ("penchant.models.neighbors", "UserNeighbors"),
}


def kinds() -> list[str]:
    """Return the kinds of model, as model files and the command line name them."""
    return sorted(_CLASSES)


@checked
def class_of(kind: str) -> type[Model]:
    """Return the class of a kind of model.

    Raises
    ------
    SettingsError
        If there is no such kind.
    """
    if kind not in _CLASSES:
        raise SettingsError(f"unknown model {kind!r}; there are: {', '.join(kinds())}")
    module, name = _CLASSES[kind]
    cls: type[Model] = getattr(importlib.import_module(module), name)
    return cls


@checked
def load(path: str | Path, *, verify: bool = True) -> Model:
    """Read a model that was written by ``model.save``.

    Arrays stay in the file and are paged in on use; nothing in it is executed.

    Parameters
    ----------
    path
        The file.
    verify
        Compare the checksum of all data (about a second for 1.5 GB), which finds any altered
        byte; otherwise only the structure is checked.

    Raises
    ------
    ArtifactError
        If there is no such file, it is not a penchant model or its kind is unknown.
    CorruptArtifactError
        If it is truncated or altered.
    NewerFormatError
        If a later version of penchant wrote it.
    """
    return of_bundle(artifact.read(path, verify=verify), path)


def of_bundle(bundle: artifact.Bundle, path: str | Path) -> Model:
    """Return the model that was read from a file as a bundle.

    Raises
    ------
    ArtifactError
        If its kind is unknown.
    """
    if bundle.model not in _CLASSES:
        raise ArtifactError(
            f"{path} holds a model of kind {bundle.model!r}; this penchant knows "
            f"{', '.join(kinds())}"
        )
    return class_of(bundle.model).from_bundle(bundle)
