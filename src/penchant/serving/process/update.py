"""Update a model file with the events and deletions of a store."""

from __future__ import annotations

from pathlib import Path

from penchant.models import load
from penchant.serving import learned
from penchant.serving.learned import Learned, learned_by
from penchant.serving.process.reload import self_check
from penchant.serving.service import Service
from penchant.serving.store.base import Store
from penchant.serving.update import Update, gather, updated


def update_model(
    store: Store, source: Path, target: Path, *, refit: bool = False, iterations: int = 1
) -> Update:
    """Write a model that includes all events and deletions of a store.

    Parameters
    ----------
    store
        The events.
    source, target
        The current model file, and the file to write; they may be the same.
    refit, iterations
        See :func:`penchant.serving.update.updated`.

    Raises
    ------
    ArtifactError
        If the current model can't be used, or the new one fails its check; nothing is written.
    """
    model, before = load(source), learned_by(store, source)
    data, counts = gather(model.interactions, store, before.event, deletion=before.deletion)
    new = updated(model, data, refit=refit, iterations=iterations)
    self_check(Service({"likes": new}))
    learned.save(new, target, store.tombstones().store, Learned(counts.learned, counts.deletion))
    return counts
