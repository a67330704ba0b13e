"""Scores of a model that the workers of a cluster compute, in blocks of users.

The metrics are computed here, from the lists and ranks of all users in order, so that they are
those of an evaluation in one process.
"""

from __future__ import annotations

import contextlib
import copy
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant.data.csr import Csr
from penchant.data.disk.storage import storage_of
from penchant.data.interactions import Interactions
from penchant.engines.cluster import files
from penchant.engines.cluster.engine import Cluster, as_cluster
from penchant.engines.cluster.files import File
from penchant.errors import DataError
from penchant.models._lists.parts import remove
from penchant.models._lists.tasks import ModelFile
from penchant.models._outline import same_entries
from penchant.models._scoring.scorers import Ranks, Scorer, TopK
from penchant.models.base import Model

Operation = Literal["top_k", "ranks", "at", "sum_of_squares"]

_MOST, _LEAST, _BLOCKS = 10_000, 500, 64  # users in a block; blocks, about, of a small split


@dataclass(frozen=True, eq=False)
class ModelOnCluster:
    """A model whose scores the workers of a cluster compute.

    Attributes
    ----------
    model
        The model.
    file
        Its file, which the workers read.
    engine
        The cluster.
    """

    model: Model
    file: ModelFile
    engine: Cluster

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`penchant.models.base.Model.scorer`."""
        model = self.model
        if interactions.items != model.items:
            return model.scorer(interactions)  # raises the error that says so
        users = np.arange(interactions.n_users)
        own = same_entries(interactions.csr, model._trained_on)
        return ClusterScorer(self, interactions.csr, users, own)


@contextlib.contextmanager
def on_cluster(model: object, engine: object) -> Iterator[ModelOnCluster]:
    """Write a model to a file of a cluster's folder, and give the model whose scores it computes.

    Raises
    ------
    DataError
        If it is no model of penchant, whose file workers could read.
    SettingsError
        If the engine is no cluster.
    """
    cluster = as_cluster(engine)
    if not isinstance(model, Model):
        raise DataError(
            f"a model of penchant is needed on a cluster, got {type(model).__name__}: leave out "
            "engine="
        )
    kept = model.kept_interactions if model.uses_interactions != "seen" else "none"
    storage = storage_of(cluster.shared_folder)
    name = f"model-{uuid.uuid4().hex}.penchant"
    file = ModelFile.written(model, kept, storage, name)
    try:
        yield ModelOnCluster(model, file, cluster)
    finally:
        remove(storage, [name])


class ClusterScorer(Scorer):
    """The scores of users, computed by the tasks of a cluster.

    Parameters
    ----------
    source
        The model and the cluster.
    rows
        The histories of users.
    queries
        The rows that are the queries, rising.
    own
        Whether the rows are those that the model was fitted on.
    """

    def __init__(
        self, source: ModelOnCluster, rows: Csr, queries: npt.NDArray[Any], own: bool
    ) -> None:
        self._source, self._rows, self._queries, self._own = source, rows, queries, own
        self._items: npt.NDArray[Any] | None = None
        self.n_queries, self.n_items = len(queries), rows.n_columns

    def top_k(self, k: int, *, exclude: Csr | None = None, allow: Csr | None = None) -> TopK:
        """See :meth:`Scorer.top_k`."""
        parts = self._map("top_k", k=k, exclude=exclude, allow=allow)
        counts = [np.diff(part[0]) for part in parts]
        indptr = np.cumsum(np.concatenate([[0], *counts]), dtype=np.int64)
        indices, scores = (_joined([part[at] for part in parts]) for at in (1, 2))
        return TopK(indptr, indices.astype(np.int32), scores.astype(np.float32))

    def ranks(self, targets: Csr, *, exclude: Csr | None = None) -> Ranks:
        """See :meth:`Scorer.ranks`."""
        parts = self._map("ranks", targets=targets, exclude=exclude)
        return Ranks(*(_joined([part[at] for part in parts]) for at in range(3)))

    def at(self, cells: Csr) -> npt.NDArray[np.float32]:
        """See :meth:`Scorer.at`."""
        parts = self._map("at", cells=cells)
        return _joined([part[0] for part in parts]).astype(np.float32)

    def sum_of_squares(self) -> npt.NDArray[np.float64]:
        """See :meth:`Scorer.sum_of_squares`."""
        return _joined([part[0] for part in self._map("sum_of_squares")])

    def take(self, rows: npt.NDArray[Any]) -> ClusterScorer:
        """See :meth:`Scorer.take`."""
        taken = copy.copy(self)
        taken._queries = self._queries[rows]
        taken.n_queries = len(taken._queries)
        return taken

    def take_items(self, items: npt.NDArray[Any]) -> ClusterScorer:
        """See :meth:`Scorer.take_items`."""
        taken = copy.copy(self)
        taken._items = np.asarray(items) if self._items is None else self._items[items]
        taken.n_items = len(items)
        return taken

    def _map(
        self, operation: Operation, *, k: int = 0, **matrices: Csr | None
    ) -> Sequence[Sequence[npt.NDArray[Any]]]:
        """Run an operation on each block of queries; return its arrays, block by block."""
        engine, model = self._source.engine, self._source.file
        place = files.Place.within(engine.shared_folder)
        size = min(_MOST, max(_LEAST, -(-self.n_queries // _BLOCKS)))
        tasks = []
        try:
            for begin in range(0, self.n_queries, size):
                span = np.arange(begin, min(begin + size, self.n_queries))
                file = files.write_object(place, self._block(span, matrices))
                tasks.append(ScoreTask(model, file, operation, k, engine.threads))
            return list(engine.executor.map(score, tasks))
        finally:
            files.delete(task.block for task in tasks)

    def _block(self, span: npt.NDArray[Any], matrices: Mapping[str, Csr | None]) -> Block:
        """Return the queries of a block, and their rows of some matrices."""
        queries = self._queries[span]
        return Block(
            self._rows.take_rows(queries),
            queries if self._own else None,
            self._items,
            {
                name: None if matrix is None else matrix.take_rows(span)
                for name, matrix in matrices.items()
            },
        )


@dataclass(frozen=True, eq=False)
class Block:
    """A block of queries.

    Attributes
    ----------
    histories
        The histories of the users.
    users
        Their codes in the model, if the histories are those that it was fitted on.
    items
        The codes of the items that are scored; None: all.
    matrices
        The rows of the users by the names of the operation's arguments.
    """

    histories: Csr
    users: npt.NDArray[Any] | None
    items: npt.NDArray[Any] | None
    matrices: Mapping[str, Csr | None]


@dataclass(frozen=True, eq=False)
class ScoreTask:
    """A block of users whose scores are computed.

    Attributes
    ----------
    model
        The file of the model.
    block
        The file of the :class:`Block`.
    operation, k
        The method of the scorer, and the length of lists.
    threads
        The number of threads.
    """

    model: ModelFile
    block: File
    operation: Operation
    k: int
    threads: int


def score(task: ScoreTask) -> list[npt.NDArray[Any]]:
    """Compute the arrays of an operation for the users of a block."""
    block: Block = files.load_object(task.block)
    scorer: Scorer = task.model.load(task.threads)._scorer(block.histories, block.users)
    if block.items is not None:
        scorer = scorer.take_items(block.items)
    matrices: Mapping[str, Any] = block.matrices
    if task.operation == "top_k":
        top = scorer.top_k(task.k, **matrices)
        return [top.indptr, top.indices, top.scores]
    if task.operation == "ranks":
        ranks = scorer.ranks(**matrices)
        return [ranks.above, ranks.tied, ranks.candidates]
    if task.operation == "at":
        return [scorer.at(**matrices)]
    return [scorer.sum_of_squares()]


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts)
