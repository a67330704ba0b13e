"""Model files of a service and how they are opened."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from penchant._files import artifact
from penchant.models import of_bundle
from penchant.models.base import Model

Role = Literal["likes", "hybrid", "visual"]
"""What a model is used for: ``likes`` recommends and explains; ``hybrid`` (likes and item features)
and ``visual`` (picture features) only find similar items."""

ROLES: tuple[Role, ...] = ("likes", "hybrid", "visual")


class Artifacts(NamedTuple):
    """The model files of a service, by role."""

    likes: Path
    hybrid: Path | None = None
    visual: Path | None = None


def open_models(
    files: Artifacts, *, verify: bool = True, threads: int | None = 1
) -> tuple[dict[Role, Model], dict[Role, Mapping[str, Any]]]:
    """Open model files; return the models and the descriptions in their files, by role.

    Parameters
    ----------
    files
        The files; arrays are memory-mapped and so shared between processes.
    verify
        Compare the checksums, once; see :func:`penchant.load`.
    threads
        Threads for a single answer; None: the ``threads`` setting of each model.

    Raises
    ------
    ArtifactError
        If a file can't be used.
    """
    models: dict[Role, Model] = {}
    descriptions: dict[Role, Mapping[str, Any]] = {}
    for role, path in zip(ROLES, files, strict=True):
        if path is not None:
            models[role] = _load(path, verify=verify, threads=threads)
            descriptions[role] = artifact.describe(path)
    return models, descriptions


def _load(path: Path, *, verify: bool, threads: int | None) -> Model:
    """Load a model with its ``threads`` setting replaced."""
    bundle = artifact.read(path, verify=verify)
    if threads is not None and "threads" in bundle.settings:
        bundle = dataclasses.replace(bundle, settings={**bundle.settings, "threads": threads})
    return of_bundle(bundle, path)
