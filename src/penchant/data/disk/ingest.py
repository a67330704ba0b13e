"""``ingest``: from a source of any size to a data set on disk, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from penchant import __version__
from penchant._boundary import checked
from penchant._settings.checks import check_int
from penchant.data.disk.opening import open_dataset
from penchant.data.disk.pieces import SourceFile, files_of, kind_of, pieces_of
from penchant.data.disk.progress import CONTINUES, OnProgress, Progress
from penchant.data.disk.reading import Reading
from penchant.data.disk.run import Ingest, Source
from penchant.data.disk.target import target_of
from penchant.data.disk.weighing import check_weighting
from penchant.data.disk.work import Identity, WorkFolder, work_folder
from penchant.data.disk.workers import (
    InProcess,
    Limits,
    SharedFile,
    TaskRunner,
    WorkersEngine,
    shared_folder,
)
from penchant.data.expansion import FACTOR
from penchant.data.interactions import Interactions
from penchant.data.io.columns import Column
from penchant.data.io.database import is_address, parsed, shown
from penchant.data.io.formats.parquet import label_of
from penchant.data.io.open import name_of
from penchant.data.io.options import Decimal, ReaderOptions
from penchant.data.io.pipeline import check_policy
from penchant.data.weighting import Weighting
from penchant.errors import SettingsError

PARTITIONED_BYTES = 1 << 30
"""Rows of larger sources are written in the order of hashes of users, to be merged in parts."""
ROWS_PER_PART = 1 << 25
"""How many rows are merged or sorted at a time, about."""
ROWS_PER_TASK = 1 << 22
"""The same, for the tasks of a cluster."""

MEMORY_LIMIT = "1GB"


@checked
def ingest(
    source: Any,
    target: str | os.PathLike[str],
    user: Column | None = None,
    item: Column | None = None,
    value: Column | None = None,
    timestamp: Column | None = None,
    *,
    sep: str | None = None,
    quote: str | None = "auto",
    encoding: str | None = None,
    header: bool | None = None,
    format: str | None = None,  # noqa: A002 - as in read_interactions
    query: str | None = None,
    event: Column | None = None,
    weights: Mapping[str, float] | None = None,
    half_life: float | str | None = None,
    now: int | None = None,
    time_format: str | None = None,
    decimal: Decimal = ".",
    name: str | None = None,
    duplicates: str | None = None,
    on_bad_lines: str = "error",
    max_expansion: float = FACTOR,
    min_per_user: int = 1,
    min_per_item: int = 1,
    memory_limit: str = MEMORY_LIMIT,
    temp_folder: str | os.PathLike[str] | None = None,
    resume: bool = True,
    engine: Any = None,
    on_progress: OnProgress | None = None,
) -> Interactions:
    """Write a source of any size to a data set on disk, in bounded memory.

    The data set is that of :func:`penchant.read_interactions` with the same arguments: the same
    ids in the same order, and the same matrix. Rows are checked, merged and sorted on disk. The
    target appears when it is complete, in the place of an older one.

    An ingest that was interrupted continues when it is started again with the same files and
    settings: files that were read, and parts that were merged or sorted, are not computed again.
    Otherwise it begins from the start. The arrays are the same, byte for byte.

    Parameters
    ----------
    source
        As for :func:`penchant.read_interactions`; or an address of files in an object store, such
        as ``s3://bucket/plays-*.parquet``, which are copied one after the other.
    target
        A folder whose name ends in ``.dataset``, or its address: ``s3://bucket/likes.dataset``.
    user, item, value, timestamp, sep, quote, encoding, header, format, query, time_format, \
decimal
        As for :func:`penchant.read_interactions`.
    event, weights, half_life, now
        For logs of events: the column of their types, as for :func:`penchant.read_events`, and
        their weights, as for :meth:`penchant.Events.weighted`. The data set is that of
        ``read_events(…).weighted(…)``: users and items without any weight keep their rows, unless
        a minimum leaves them out.
    name, duplicates, on_bad_lines, max_expansion
        As for :func:`penchant.read_interactions`.
    min_per_user, min_per_item
        Users with fewer items and items with fewer users are left out in turn until nothing
        changes, as by :meth:`Interactions.threshold`; 1: none.
    memory_limit
        How much memory sorting may use; what is larger is on disk. Some hundred MB come on top,
        for the interpreter and the rows that are written at a time.
    temp_folder
        The folder for temporary files, which take some times the size of the source; an
        interrupted ingest continues from there. None: the folder of the target; for an address,
        the system's (TMPDIR).
    resume
        Whether to continue an ingest that was interrupted, or remove what it left and begin from
        the start.
    engine
        A cluster whose workers read, merge and sort, such as :class:`penchant.engines.Dask`; its
        ``folder`` takes the temporary files, and the source is at the same paths on all workers.
        ``memory_limit`` is for each task. Frames and queries are read by this process. None: this
        process does everything.
    on_progress
        Called with the completed share, 0…1, and what is being done; from any thread.

    Returns
    -------
    Interactions
        The data set, opened.

    Raises
    ------
    DataError
        If the source can't be read, see :func:`penchant.read_interactions`.
    EmptyDataError
        If no interactions are left.
    DatasetError
        If the target can't be written, or another process is writing it.
    SettingsError
        If an argument is out of its range.
    UnknownIdError
        If no event is of a type that has a weight.
    MissingExtraError
        If the library for such addresses is not installed.
    """
    for label, minimum in (("min_per_user", min_per_user), ("min_per_item", min_per_item)):
        check_int(label, minimum, 0)
    check_policy(duplicates)
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, time_format,
        max_expansion, decimal,
    )  # fmt: skip
    columns = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    weighting = _weighting(event, Weighting(weights, half_life, now), columns, duplicates)
    temp_folder = _temp_folder(temp_folder, engine)
    progress = Progress(on_progress)
    own_name = name or name_of(source) or ("interactions" if event is None else "events")
    with target_of(target, temp_folder) as place:
        files = None if query is not None else files_of(source)
        prepared = _source(source, files, Reading(columns, duplicates, options, event), engine)
        least = {"min_per_user": min_per_user, "min_per_item": min_per_item}
        settings = {**_plain(prepared.reading), **least, **_plain_weighting(weighting)}
        identity = _identity(source, files, settings)
        with work_folder(place.work, identity, resume=resume) as (work, continues):
            if continues:
                progress.step(CONTINUES, 0.0)
            run = _ingest(work, engine, memory_limit, progress, (min_per_user, min_per_item))
            weighted = replace(run, weighting=weighting)
            manifest = weighted.write(prepared, own_name, place.data, place.create)
            progress.step("completing", 1.0)
            place.publish(manifest)
        progress.update(1.0)
    return open_dataset(target)


def _weighting(
    event: Column | None,
    weighting: Weighting,
    columns: Mapping[str, Column | None],
    duplicates: str | None,
) -> Weighting | None:
    """Return how events are weighted, or None for a log without them.

    Raises
    ------
    SettingsError
        If arguments don't go together, or one is out of its range.
    DataError
        If ages need times, and no column of them is named.
    """
    if event is None:
        useless = [name for name, value in vars(weighting).items() if value is not None]
        if useless:
            raise SettingsError(f"{useless[0]}= is for events: name the column of types by event=")
        return None
    if duplicates is not None:
        raise SettingsError("the weights of all events of a pair are summed: leave out duplicates=")
    check_weighting(weighting, timed=columns["timestamp"] is not None)
    return weighting


def _temp_folder(
    named: str | os.PathLike[str] | None, engine: object
) -> str | os.PathLike[str] | None:
    """Return the folder of temporary files: the one that is named, or that of a cluster."""
    if engine is None:
        return named
    if named is not None:
        raise SettingsError("temp_folder= is for one process: name the folder of the engine")
    return shared_folder(engine)


def _plain(reading: Reading) -> dict[str, Any]:
    """Return the settings of reading as JSON has them."""
    roles = {"duplicates": reading.duplicates, "event": reading.event}
    return {**asdict(reading.options), **reading.columns, **roles}


def _plain_weighting(weighting: Weighting | None) -> dict[str, Any]:
    """Return the settings of events as JSON has them."""
    plain = dict(vars((weighting or Weighting()).checked()))
    if plain["weights"] is not None:
        plain["weights"] = {str(kind): weight for kind, weight in plain["weights"].items()}
    return plain


def _ingest(
    work: WorkFolder,
    engine: WorkersEngine | None,
    memory: str,
    progress: Progress,
    minima: tuple[int, int],
) -> Ingest:
    """Return the ingest, in this process or on a cluster.

    Raises
    ------
    SettingsError
        If a worker does not see the folder of the engine.
    """
    if engine is None:
        limits = Limits(memory, temp=work.path, in_memory=True)
        return Ingest(
            work,
            InProcess(),
            limits,
            replace(limits, in_memory=False),
            progress,
            minima,
            ROWS_PER_PART,
        )
    tasks: TaskRunner = engine.executor
    probe = work.draft("probe")
    probe.touch()
    if not tasks.sees(SharedFile(str(probe))):
        raise SettingsError(
            f"not all workers see files in {engine.folder}: name a folder that they share, "
            "folder= of the engine"
        )
    limits = Limits(memory, engine.threads, in_memory=True)
    return Ingest(work, tasks, limits, Limits(memory), progress, minima, ROWS_PER_TASK)


def _source(
    source: Any, files: list[SourceFile] | None, reading: Reading, engine: object
) -> Source:
    """Cut a source into pieces, if it is made of files."""
    if not files:
        return Source(source, (), replace(reading, is_partitioned=engine is not None))
    kind = reading.options.format or kind_of(files[0])
    n_bytes = sum(file.size for file in files)
    reading = replace(
        reading,
        options=replace(reading.options, format=kind),
        first=files[0],
        label=label_of([file.name for file in files]),
        is_partitioned=engine is not None or n_bytes > PARTITIONED_BYTES,
    )
    return Source(None, pieces_of(files, kind), reading)


def _identity(
    source: Any, files: list[SourceFile] | None, settings: dict[str, Any]
) -> Identity | None:
    """Return what the data set follows from; None if the source can't be told from another one."""
    import duckdb

    settings = {name: value for name, value in settings.items() if name != "memory_limit"}
    if files is not None:
        described: Any = [list(asdict(file).values()) for file in files]
    elif is_address(source):
        described = shown(parsed(source))
    else:
        return None
    versions = [__version__, duckdb.__version__]
    return {"source": described, "settings": settings, "versions": versions}
