"""Scores of a model that the workers of a cluster compute, in blocks of users.

The metrics are computed here, from the lists and ranks of all users in order, so that they are
those of an evaluation in one process.
"""

from __future__ import annotations

import contextlib
import copy
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from penchant._files import artifact
from penchant.data.csr import Csr
from penchant.data.disk.storage import storage_of
from penchant.data.interactions import Interactions
from penchant.engines.cluster.engine import Cluster
from penchant.errors import DataError, SettingsError
from penchant.models._lists.parts import drafts_of, put, put_bytes, remove
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
    if not isinstance(engine, Cluster):
        raise SettingsError(
            f"engine= is a cluster such as penchant.engines.Dask, got {type(engine).__name__}"
        )
    if not isinstance(model, Model):
        raise DataError(
            f"a model of penchant is needed on a cluster, got {type(model).__name__}: leave out "
            "engine="
        )
    kept = model.kept_interactions if model.uses_interactions != "seen" else "none"
    bundle = model.to_bundle(kept)
    storage = storage_of(engine.shared_folder)
    name = f"model-{uuid.uuid4().hex}.penchant"
    with drafts_of(storage) as folder:
        artifact.write(bundle, folder / f"draft-{name}")
        put(storage, folder / f"draft-{name}", name)
    file = ModelFile(type(model), f"{storage.address}/{name}", artifact.digest(bundle))
    try:
        yield ModelOnCluster(model, file, engine)
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
        engine, file = self._source.engine, self._source.file
        storage, run = storage_of(engine.shared_folder), uuid.uuid4().hex
        size = min(_MOST, max(_LEAST, -(-self.n_queries // _BLOCKS)))
        tasks = []
        try:
            for begin in range(0, self.n_queries, size):
                span = np.arange(begin, min(begin + size, self.n_queries))
                name = f"scores-{run}-{begin}"
                put_bytes(storage, name, self._packed(span, matrices))
                tasks.append(ScoreTask(file, storage.address, name, operation, k, engine.threads))
            return list(engine.executor.map(score, tasks))
        finally:
            remove(storage, [task.name for task in tasks])

    def _packed(self, span: npt.NDArray[Any], matrices: dict[str, Csr | None]) -> bytes:
        """Return the queries of a block, and their rows of some matrices."""
        queries = self._queries[span]
        arrays: dict[str, Any] = _arrays("histories", self._rows.take_rows(queries))
        if self._own:
            arrays["users"] = queries
        if self._items is not None:
            arrays["items"] = self._items
        for name, matrix in matrices.items():
            if matrix is not None:
                arrays |= _arrays(name, matrix.take_rows(span))
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        return file.getvalue()


@dataclass(frozen=True, eq=False)
class ScoreTask:
    """A block of users whose scores are computed; the queries are in a file.

    Attributes
    ----------
    model
        The file of the model.
    folder, name
        The folder and the name of the file of the queries.
    operation, k
        The method of the scorer, and the length of lists.
    threads
        The number of threads.
    """

    model: ModelFile
    folder: str
    name: str
    operation: Operation
    k: int
    threads: int


def score(task: ScoreTask) -> list[npt.NDArray[Any]]:
    """Compute the arrays of an operation for the users of a block."""
    with np.load(io.BytesIO(storage_of(task.folder).read(task.name))) as file:
        arrays = dict(file)
    model = task.model.load(task.threads)
    histories = _csr(arrays, "histories")
    assert histories is not None
    scorer = model._scorer(histories, arrays.get("users"))
    if "items" in arrays:
        scorer = scorer.take_items(arrays["items"])
    exclude = _csr(arrays, "exclude")
    if task.operation == "top_k":
        top = scorer.top_k(task.k, exclude=exclude, allow=_csr(arrays, "allow"))
        return [top.indptr, top.indices, top.scores]
    if task.operation == "ranks":
        targets = _csr(arrays, "targets")
        assert targets is not None
        ranks = scorer.ranks(targets, exclude=exclude)
        return [ranks.above, ranks.tied, ranks.candidates]
    if task.operation == "at":
        cells = _csr(arrays, "cells")
        assert cells is not None
        return [scorer.at(cells)]
    return [scorer.sum_of_squares()]


def _arrays(name: str, rows: Csr) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a matrix by their names in a file."""
    arrays: dict[str, npt.NDArray[Any]] = {"columns": np.array(rows.n_columns)}
    arrays |= {"indptr": rows.indptr, "indices": rows.indices, "values": rows.values}
    arrays |= {} if rows.times is None else {"times": rows.times}
    return {f"{name}.{part}": array for part, array in arrays.items()}


def _csr(arrays: dict[str, npt.NDArray[Any]], name: str) -> Csr | None:
    if f"{name}.indptr" not in arrays:
        return None
    indptr, indices, values = (arrays[f"{name}.{part}"] for part in ("indptr", "indices", "values"))
    n_columns, times = int(arrays[f"{name}.columns"]), arrays.get(f"{name}.times")
    return Csr(indptr, indices, values, n_columns, times)


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts)
