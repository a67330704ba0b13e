"""From model files to models that answer: which files a service has, and how they are opened."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from penchant._files import artifact
from penchant.models import of_bundle
from penchant.models.base import Model

Role = Literal["likes", "tags", "looks"]
ROLES: tuple[Role, ...] = ("likes", "tags", "looks")


class Artifacts(NamedTuple):
    """The model files of a service: what is liked by the same people, tags as well, and looks."""

    likes: Path
    tags: Path | None = None
    looks: Path | None = None


def opened(
    files: Artifacts, *, verify: bool = True, threads: int | None = 1
) -> tuple[dict[Role, Model], dict[Role, Mapping[str, Any]]]:
    """Models by role, and what their files say of themselves.

    Parameters
    ----------
    files
        The files; arrays stay in them, shared between processes.
    verify
        Compare the checksums, once; see :func:`penchant.load`.
    threads
        How many a single answer may use; None: what each model was made with.

    Raises
    ------
    ArtifactError
        If one can't be used.
    """
    models: dict[Role, Model] = {}
    told: dict[Role, Mapping[str, Any]] = {}
    for role, path in zip(ROLES, files, strict=True):
        if path is not None:
            models[role] = _load(path, verify=verify, threads=threads)
            told[role] = artifact.describe(path)
    return models, told


def _load(path: Path, *, verify: bool, threads: int | None) -> Model:
    """A model that uses some number of threads, whatever it was made with."""
    bundle = artifact.read(path, verify=verify)
    if threads is not None and "threads" in bundle.settings:
        bundle = dataclasses.replace(bundle, settings={**bundle.settings, "threads": threads})
    return of_bundle(bundle, path)
