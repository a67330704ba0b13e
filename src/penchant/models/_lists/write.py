"""Write the lists of all users or items to a folder, block by block, here or on a cluster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from penchant._files import artifact
from penchant.data.csr import Csr, row_pointers
from penchant.data.disk.storage import LocalStorage
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions
from penchant.engines.cluster.engine import as_cluster
from penchant.engines.cluster.executor import Executor
from penchant.engines.cluster.files import File
from penchant.errors import DataError, SettingsError, UnsupportedError
from penchant.models._arguments import codes_in
from penchant.models._batch import columns_of
from penchant.models._lists.job import Job, default_per_file
from penchant.models._lists.parts import Part, name_of
from penchant.models._lists.place import MODEL, RUN, Place, complete_run, place_of
from penchant.models._lists.tasks import BlockTask, ModelFile, write_block, write_histories
from penchant.models._outline import KEPT, Kept, fingerprint
from penchant.models._scores import Scoring
from penchant.models.capabilities import FoldsInUsers

Progress = Callable[[int, int], None]
"""Called with the number of users or items completed, and of all."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run: a model, its job, and whom it is for.

    Attributes
    ----------
    model
        The fitted model.
    job
        What is written.
    histories
        The users and histories that were handed over, over the model's items; or None.
    model_file
        A file of the model, if there is one.
    """

    model: Scoring
    job: Job
    histories: Interactions | None = None
    model_file: Path | None = None

    @property
    def ids(self) -> IdMap:
        """The users or items whose lists are written."""
        if self.histories is not None:
            return self.histories.users
        return self.model.items if self.job.what == "similar" else self.model.users

    @property
    def columns(self) -> str:
        """The columns of the files, and their SQL types."""
        query, answer = ("item", "similar_item") if self.job.what == "similar" else ("user", "item")
        columns = dict(columns_of(self.model, query, answer))
        columns[query] = "BIGINT" if self.ids.are_integers else "TEXT"
        if self.job.what == "factors":
            columns = {query: columns[query], "factors": "FLOAT[]"}
        return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())

    @property
    def kept(self) -> Kept:
        """What a file of the model must have of its interactions to give these lists."""
        model, job = self.model, self.job
        has = model.kept_interactions
        if model.uses_interactions != "seen":
            return has
        plain = job.what != "recommendations" or job.from_histories or not job.exclude_seen
        return max(has, "none" if plain else "seen", key=KEPT.index)

    def identity(self) -> tuple[str, str]:
        """Return the identities of the model and of the run."""
        model = artifact.digest(self.model.to_bundle(self.kept))
        digest = hashlib.sha256(model.encode() + self.job.identity().encode())
        if self.histories is not None:
            digest.update(_digest_of(self.histories).encode())
        return model, digest.hexdigest()


def write_lists(
    run: Run, to: str | Path, *, engine: object = None, on_progress: Progress | None = None
) -> Path | str:
    """Write the lists of all users or items to a folder of Parquet files.

    The files are the same whatever computes them. If the folder is complete already, for the same
    model and settings, nothing is computed; files that an interrupted run completed are kept.

    Parameters
    ----------
    run
        What is written, and for whom.
    to
        The folder: a path, or an address such as ``s3://bucket/top10``.
    engine
        A cluster, such as :class:`penchant.engines.Dask`, or an executor, whose workers see the
        folder; None: this process.
    on_progress
        Called after each block.

    Raises
    ------
    SettingsError
        If the engine is no cluster, or a worker does not see the folder.
    DataError
        If the folder can't be written, or holds something else.
    UnsupportedError
        If the model lacks interactions that the lists need, or has no factors of new users.
    """
    workers = _workers(engine)
    per_file = run.job.per_file or default_per_file(len(run.ids), run.job.k)
    run = replace(run, job=replace(run.job, per_file=per_file))
    _check(run)
    model, identity = run.identity()
    blocks = _blocks(len(run.ids), run.job.per_file)
    if complete_run(to, identity) is None:
        with place_of(to) as place:
            settings = {"job": run.job.to_json(), "columns": run.columns}
            there = place.begin(identity, settings)
            parts = _write(run, place, _tasks(place, blocks, there), model, workers, on_progress)
            place.finish(_manifest(run, identity, model), parts)
    elif on_progress is not None:
        on_progress(len(run.ids), len(run.ids))
    return to


class Workers(NamedTuple):
    """What runs tasks, and the threads of each."""

    executor: Executor
    threads: int


def _workers(engine: object) -> Workers | None:
    if engine is None:
        return None
    if isinstance(engine, Executor):
        return Workers(engine, 1)
    cluster = as_cluster(engine)
    return Workers(cluster.executor, cluster.threads)


def _manifest(run: Run, identity: str, model: str) -> dict[str, Any]:
    return {
        "format": 1,
        "run": identity,
        "model": model,
        "what": run.job.what,
        "k": run.job.k,
        "columns": run.columns,
        "queries": len(run.ids),
    }


def _check(run: Run) -> None:
    """Refuse, before anything is written, what no block could compute."""
    if run.job.what == "factors" and not isinstance(run.model, FoldsInUsers):
        raise UnsupportedError(f"{type(run.model).__name__} has no factors of new users")


def _blocks(n: int, size: int) -> list[tuple[int, int]]:
    return [(begin, min(begin + size, n)) for begin in range(0, n, size)]


def _tasks(place: Place, blocks: list[tuple[int, int]], there: set[str]) -> Iterator[BlockTask]:
    for number, (begin, end) in enumerate(blocks):
        is_there = name_of(number) in there
        yield BlockTask(None, place.address, number, begin, end, None, is_there)


def _write(
    run: Run,
    place: Place,
    tasks: Iterator[BlockTask],
    model_digest: str,
    workers: Workers | None,
    on_progress: Progress | None,
) -> list[Part]:
    completed, n = 0, len(run.ids)

    def count(part: Part) -> None:
        nonlocal completed
        completed += part.queries
        if on_progress is not None:
            on_progress(completed, n)

    if workers is None:
        parts = []
        for task in tasks:
            _hand_over(run, place, task)
            parts.append(write_block(task, run.model))
            count(parts[-1])
        return parts
    file = _file_for(run, place, workers.executor, model_digest)
    ready = [replace(task, model=file, threads=workers.threads) for task in tasks]
    for task in ready:
        _hand_over(run, place, task)
    parts = []
    for part in workers.executor.map(write_block, ready):
        parts.append(part)
        count(part)
    return parts


def _file_for(run: Run, place: Place, executor: Executor, digest: str) -> ModelFile:
    """Return where workers read the model: its file, if they see it, or a copy in the folder."""
    file, storage = run.model_file, place.storage
    if isinstance(storage, LocalStorage) and not executor.sees(File(storage.address, RUN)):
        raise SettingsError(
            f"not all workers see files in {place.address}: name a folder that they share, or the "
            "address of an object store"
        )
    if file is not None and executor.sees(File(str(file.absolute().parent), file.name)):
        return ModelFile(type(run.model), str(file.absolute()), digest)
    return ModelFile.written(run.model, run.kept, storage, MODEL, digest)


# --- histories --------------------------------------------------------------------------


def over_items(histories: Interactions, items: IdMap) -> Interactions:
    """Return histories over a model's items; entries of other items are left out.

    Raises
    ------
    DataError
        If none of the items is among the model's.
    """
    if histories.items == items:
        return histories
    own = histories.items.written_like(items)
    is_comparable = own.are_integers == items.are_integers
    codes = codes_in(items, own) if is_comparable else np.full(len(own), -1)
    if not (codes >= 0).any():
        raise DataError(
            f"none of the {len(own):,} items of the histories is among the model's "
            f"{len(items):,}: such as {own[0]!r} and {items[0]!r}"
        )
    csr = histories.csr
    new = codes[csr.indices]
    keep = new >= 0
    order = np.lexsort((new[keep], csr.row_of_entry[keep]))
    kept = Csr(
        row_pointers(keep)[csr.indptr],
        new[keep][order].astype(np.int32),
        csr.values[keep][order],
        len(items),
        None if csr.times is None else csr.times[keep][order],
    )
    return Interactions(kept, histories.users, items, name=histories.name)


def _hand_over(run: Run, place: Place, task: BlockTask) -> None:
    """Write the histories of a block, if histories were handed over."""
    if run.histories is None:
        return
    span = np.arange(task.begin, task.end)
    users = run.histories.users[task.begin : task.end].tolist()
    write_histories(place.storage, task.number, users, run.histories.csr.take_rows(span))


def _digest_of(histories: Interactions) -> str:
    digest = hashlib.sha256(fingerprint(histories.csr).encode())
    if histories.csr.times is not None:
        digest.update(np.ascontiguousarray(histories.csr.times).view(np.uint8).data)
    digest.update(json.dumps(histories.users.array.tolist()).encode())
    return digest.hexdigest()
