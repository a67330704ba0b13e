"""The tasks of a run: a block of users or items each, which any process can compute.

A process reads the model file once, mapped, and keeps it for its next tasks.
"""

from __future__ import annotations

import atexit
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from penchant._files import artifact
from penchant.data import tabular
from penchant.data.csr import Csr
from penchant.data.disk.storage import RemoteStorage, Storage, storage_of
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Interactions
from penchant.data.paths import is_remote
from penchant.data.tabular import Columns
from penchant.engines.cluster.files import Cache
from penchant.models import _answering as answering
from penchant.models._batch import batch_size
from penchant.models._lists.job import Job
from penchant.models._lists.parts import (
    Part,
    drafts_of,
    part_of_run,
    put,
    put_bytes,
    write_part,
)
from penchant.models._lists.place import HISTORIES, RUN
from penchant.models._outline import Kept
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models._scores import People, Scoring
from penchant.models.capabilities import FoldsInUsers


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model file that processes read.

    Attributes
    ----------
    cls
        The class of the model.
    address
        Its path or address.
    digest
        The identity of the model.
    """

    cls: type[Scoring]
    address: str
    digest: str

    @classmethod
    def written(
        cls, model: Scoring, kept: Kept, storage: Storage, name: str, digest: str | None = None
    ) -> ModelFile:
        """Write a model to a file of a folder, where it appears whole.

        Parameters
        ----------
        model, kept
            The model, and what the file keeps of its interactions.
        storage, name
            The folder, and the name of the file.
        digest
            The identity of the model, where it is known already.
        """
        bundle = model.to_bundle(kept)
        with drafts_of(storage) as folder:
            draft = folder / f".{name}"
            artifact.write(bundle, draft)
            put(storage, draft, name)
        return cls(type(model), f"{storage.address}/{name}", digest or artifact.digest(bundle))

    def load(self, threads: int | None) -> Scoring:
        """Return the model; a process reads it once."""
        model: Scoring = _models.get((self.digest, threads), lambda: self._read(threads))
        return model

    def _read(self, threads: int | None) -> Scoring:
        path, verify = Path(self.address), False
        if is_remote(self.address):
            path, verify = _local_copy(self.address, self.digest), True
        bundle = artifact.read(path, verify=verify)
        if "threads" in bundle.settings:
            bundle = replace(bundle, settings={**bundle.settings, "threads": threads})
        return self.cls.from_bundle(bundle)


_models = Cache(1)


def _local_copy(address: str, digest: str) -> Path:
    """Fetch a model file to a temporary folder of this process, removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="penchant-model-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    head, _, name = address.rpartition("/")
    storage, path = RemoteStorage(head), Path(folder.name) / f"{digest}.penchant"
    with storage.translated_errors("read", name):
        storage.fs.get_file(storage.path(name), str(path))
    return path


@dataclass(frozen=True, eq=False)
class BlockTask:
    """A block of users or items whose lists are written.

    Attributes
    ----------
    model
        The file of the model; None: the model is handed to :func:`write_block`.
    folder
        The folder of the run.
    number, begin, end
        The number of the block, and its first and last but one user or item.
    threads
        The number of threads; None: that of the model.
    may_be_there
        Whether an earlier run may have written it.
    """

    model: ModelFile | None
    folder: str
    number: int
    begin: int
    end: int
    threads: int | None
    may_be_there: bool


def write_block(task: BlockTask, model: Scoring | None = None) -> Part:
    """Write the lists of a block, unless its file is complete."""
    storage = storage_of(task.folder)
    settings = json.loads(storage.read(RUN))
    run, job = settings["run"], Job.from_json(settings["job"])
    if task.may_be_there:
        part = part_of_run(storage, task.number, run, task.end - task.begin)
        if part is not None:
            return part
    if model is None:
        assert task.model is not None
        model = task.model.load(task.threads)
    batches = _batches(storage, task, job, model)
    return write_part(storage, task.number, run, batches, settings["columns"])


def _batches(
    storage: Storage, task: BlockTask, job: Job, model: Scoring
) -> Iterator[tuple[int, Columns]]:
    """Yield the number of queries of each batch of a block, and its rows as columns."""
    histories = read_histories(storage, task.number) if job.from_histories else None
    size = batch_size(None, job.k)
    for begin in range(task.begin, task.end, size):
        end = min(begin + size, task.end)
        if histories is not None:
            part = np.arange(begin - task.begin, end - task.begin)
            ids, rows = histories
            yield (
                end - begin,
                _of_histories(
                    model, job, ids[begin - task.begin : end - task.begin], rows.take_rows(part)
                ),
            )
        elif job.what == "similar":
            items = model.items[begin:end].tolist()
            similar = SimilarRequest(items, job.k, job.metric, allow=job.allow, deny=job.deny)
            yield end - begin, answering.similar_items(model, similar).columns()
        else:
            users = model.users[begin:end].tolist()
            yield end - begin, model.answer(_request(job)._replace(users=users)).columns()


def _of_histories(model: Scoring, job: Job, users: list[Id], rows: Csr) -> Columns:
    """Return the lists, or the factors, of users whose histories were handed over."""
    if job.what == "factors":
        assert isinstance(model, FoldsInUsers)
        new = Interactions(rows, IdMap.range(len(users), "user"), model.items)
        vectors = np.asarray(model.fold_in_users(new))
        factors = np.empty(len(users), dtype=object)
        factors[:] = list(vectors)
        return {"user": tabular.ids(users), "factors": factors}
    people = People(users, rows, None)
    candidates = answering.Candidates(model.items, rows, model.catalog)
    scorer = model._scorer(rows, None)
    answer = answering.recommendations(model, _request(job), people, candidates, scorer)
    return replace(answer, query_kind="user").columns()


def _request(job: Job) -> RecommendRequest:
    return RecommendRequest(k=job.k, exclude_seen=job.exclude_seen, allow=job.allow, deny=job.deny)


# --- histories --------------------------------------------------------------------------


def write_histories(storage: Storage, number: int, users: list[Id], rows: Csr) -> None:
    """Write the histories of a block for its task."""
    ids = np.frombuffer(json.dumps(users).encode(), dtype=np.uint8)
    file = io.BytesIO()
    arrays: dict[str, Any] = {"ids": ids, "n_columns": np.array(rows.n_columns)}
    arrays |= {"indptr": rows.indptr, "indices": rows.indices, "values": rows.values}
    arrays |= {} if rows.times is None else {"times": rows.times}
    np.savez(file, **arrays)
    put_bytes(storage, f"{HISTORIES}{number:05}.npz", file.getvalue())


def read_histories(storage: Storage, number: int) -> tuple[list[Id], Csr]:
    """Read the ids and the histories of a block."""
    with np.load(io.BytesIO(storage.read(f"{HISTORIES}{number:05}.npz"))) as file:
        times = file.get("times")
        arrays = file["indptr"], file["indices"], file["values"]
        rows = Csr(*arrays, int(file["n_columns"]), times)
        return json.loads(file["ids"].tobytes()), rows
