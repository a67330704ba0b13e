"""``ingest``: from a source of any size to a data set on disk, in bounded memory."""

from __future__ import annotations

import datetime as dt
import glob
import os
import posixpath
from dataclasses import replace
from pathlib import Path
from typing import Any

from penchant import __version__
from penchant._boundary import checked
from penchant._settings.checks import check_int
from penchant.data.disk.layout import SIDES, Manifest, Side, StoredSide
from penchant.data.disk.opening import open_dataset
from penchant.data.disk.progress import OnProgress, Progress
from penchant.data.disk.sorting import PairSorter
from penchant.data.disk.storage import filesystem
from penchant.data.disk.target import Target, target_of
from penchant.data.disk.writing import SideWriter
from penchant.data.expansion import FACTOR
from penchant.data.interactions import Interactions
from penchant.data.io.columns import Column
from penchant.data.io.database import is_address
from penchant.data.io.open import name_of
from penchant.data.io.options import Decimal, ReaderOptions
from penchant.data.io.pipeline import Staged, open_source, stage_source
from penchant.data.io.workspace import workspace
from penchant.data.paths import is_remote
from penchant.data.report import ReadReport
from penchant.errors import DataError, DatasetError, PenchantError, reason_of

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
    on_progress: OnProgress | None = None,
) -> Interactions:
    """Write a source of any size to a data set on disk, in bounded memory.

    The data set is that of :func:`penchant.read_interactions` with the same arguments: the same
    ids in the same order, and the same matrix. Rows are checked, merged and sorted on disk. The
    target appears when it is complete, in the place of an older one; what an interrupted ingest
    of the same target left is removed by the next.

    Parameters
    ----------
    source
        As for :func:`penchant.read_interactions`; or an address of files in an object store, such
        as ``s3://bucket/plays-*.parquet``, which are copied first.
    target
        A folder whose name ends in ``.dataset``, or its address: ``s3://bucket/likes.dataset``.
    user, item, value, timestamp, sep, quote, encoding, header, format, query, time_format, \
decimal
        As for :func:`penchant.read_interactions`.
    name, duplicates, on_bad_lines, max_expansion
        As for :func:`penchant.read_interactions`.
    min_per_user, min_per_item
        Users with fewer items and items with fewer users are left out in turn until nothing
        changes, as by :meth:`Interactions.threshold`; 1: none.
    memory_limit
        How much memory sorting may use; what is larger is on disk. Some hundred MB come on top,
        for the interpreter and the rows that are written at a time.
    temp_folder
        The folder for temporary files, which take some times the size of the source. None: the
        folder of the target; for an address, the system's (TMPDIR).
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
    MissingExtraError
        If the library for such addresses is not installed.
    """
    for label, minimum in (("min_per_user", min_per_user), ("min_per_item", min_per_item)):
        check_int(label, minimum, 0)
    options = ReaderOptions(
        sep, quote, encoding, header, format, query, on_bad_lines, memory_limit, time_format,
        max_expansion, decimal,
    )  # fmt: skip
    columns = {"user": user, "item": item, "value": value, "timestamp": timestamp}
    progress = Progress(on_progress)
    own_name = name or name_of(source) or "interactions"
    with target_of(target, temp_folder) as place:
        with workspace(memory_limit, place.scratch) as work:
            local = _local_source(source, place.scratch, progress)
            progress.step("reading", 0.35)
            opened = open_source(work, local, columns, duplicates, options)
            with progress.watching(work.con):
                staged = stage_source(work, opened, options)
            pairs = PairSorter(work.con, staged, progress)
            pairs.merge()
            report = _report(staged, pairs)
            if min_per_user > 1 or min_per_item > 1:
                pairs.threshold(min_per_user, min_per_item)
            manifest = _write(place, pairs, report, own_name)
        progress.step("completing", 1.0)
        place.publish(manifest)
        progress.update(1.0)
    return open_dataset(target)


def _report(staged: Staged, pairs: PairSorter) -> ReadReport:
    """Return what happened to every row.

    Raises
    ------
    EmptyDataError
        If nothing is left.
    """
    opened = staged.opened
    report = staged.tally.report(
        staged.bad,
        opened.policy,
        opened.origin,
        interactions=pairs.n_entries(),
        merged=pairs.merged,
        cancelled=pairs.cancelled,
    )
    return replace(report, columns=opened.notes).check_left()


def _write(place: Target, pairs: PairSorter, report: ReadReport, name: str) -> Manifest:
    """Write ids and rows of both sides, and return the manifest."""
    sides: dict[Side, StoredSide] = {}
    writers = {side: SideWriter(place.folder, side) for side in SIDES}
    try:
        for side, writer in writers.items():
            writer.write_ids(pairs.ids(side))
            writer.write_rows(pairs.entries(side))
            sides[side] = writer.finish()
    except OSError as error:
        raise DatasetError(f"can't write {place.folder}: {error.strerror or error}") from error
    by_user = writers["users"]
    return Manifest(
        data=place.data,
        name=name,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        penchant_version=__version__,
        nnz=sides["users"].blocks[-1].begin + sides["users"].blocks[-1].rows.nnz,
        is_timed=pairs.is_timed,
        n_dislikes=by_user.n_negative,
        newest=by_user.newest,
        report=report,
        steps=() if pairs.step is None else (pairs.step,),
        sides=sides,
    )


def _local_source(source: Any, scratch: Path, progress: Progress) -> Any:
    """Copy the files of an address of an object store; other sources stay what they are.

    Raises
    ------
    DataError
        If there are none, or they can't be copied.
    """
    if not is_remote(source) or is_address(source):
        return source
    fs, path = filesystem(source)
    try:
        names = fs.glob(path) if glob.has_magic(path) else [path]
        files = sorted(file for name in names for file in fs.find(name))
        folder = scratch / "source"
        for place, file in enumerate(files):
            progress.step(f"copying {file}", 0.1 * (place + 1) / len(files))
            copy = folder / f"{place:06}" / posixpath.basename(file)
            copy.parent.mkdir(parents=True)
            fs.get_file(file, str(copy))
    except PenchantError:
        raise
    except Exception as error:
        raise DataError(f"can't read {source}: {reason_of(error)}") from error
    if not files:
        raise DataError(f"there is no file {source}")
    return str(copy) if len(files) == 1 else str(folder / "*" / "*")
