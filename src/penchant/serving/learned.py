"""What a model file records about the store whose events it was fitted on.

The record is part of the file, so that it stays true when files are copied, renamed or rolled back.
A model without a record for a store has learned none of its events: they count at each request, and
the next update includes all of them, which is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from penchant._files import artifact
from penchant.errors import ArtifactError
from penchant.models.base import Model
from penchant.serving.store.base import Store

_FIELD = "store"  # of the origin that is kept with a model


class Learned(NamedTuple):
    """Up to where a model includes the events and deletions of a store.

    Attributes
    ----------
    event
        The number of the last event; 0: none.
    deletion
        The number of the last deletion; 0: none.
    """

    event: int = 0
    deletion: int = 0


NOTHING = Learned()


def learned_from(description: Mapping[str, Any], store: str) -> Learned:
    """Return what the description of a model file records for a store.

    Parameters
    ----------
    description
        See :func:`penchant._files.artifact.describe`.
    store
        The name of the store, see :class:`penchant.serving.store.tombstones.Tombstones`.
    """
    info = description.get("info")
    origin = info.get("origin") if isinstance(info, Mapping) else None
    record = origin.get(_FIELD) if isinstance(origin, Mapping) else None
    if not isinstance(record, Mapping) or record.get("name") != store:
        return NOTHING
    event, deletion = record.get("event"), record.get("deletion")
    if not (type(event) is int and type(deletion) is int and min(event, deletion) >= 0):
        return NOTHING
    return Learned(event, deletion)


def learned_by(store: Store, path: Path) -> Learned:
    """Return what a model file records for a store; nothing if the file can't be read."""
    try:
        description = artifact.describe(path)
    except ArtifactError:
        return NOTHING
    return learned_from(description, store.tombstones().store)


def save(model: Model, path: Path, store: str, learned: Learned) -> Path:
    """Write an updated model to a file, with the record of what it learned."""
    record = {"name": store, "event": learned.event, "deletion": learned.deletion}
    return model.save(path, origin={_FIELD: record})
