"""The steps of an ingest, in their order; what is complete is not computed again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from penchant import __version__
from penchant.data.disk import merging, reading, sorting
from penchant.data.disk.layout import SIDES, Manifest, Side, StoredSide
from penchant.data.disk.merging import Cells, checked_cells, merge_tasks, write_codes
from penchant.data.disk.pieces import Piece
from penchant.data.disk.progress import Progress
from penchant.data.disk.reading import (
    Reading,
    ReadTask,
    Rows,
    check_alike,
    combined,
    name_of_piece,
)
from penchant.data.disk.sorting import SortPlan
from penchant.data.disk.thresholds import keep, step_of
from penchant.data.disk.weighing import event_weights
from penchant.data.disk.work import Result, WorkFolder
from penchant.data.disk.workers import Limits, TaskRunner
from penchant.data.disk.writing import SideWriter
from penchant.data.paths import is_remote
from penchant.data.report import ReadReport
from penchant.data.weighting import Weighting
from penchant.errors import DatasetError

FEW_ROWS = 1 << 25
"""Up to so many rows, the steps in this process have their tables in memory."""


class Task(Protocol):
    """What all tasks have: the name of their result."""

    @property
    def name(self) -> str:
        """The name."""


TaskT = TypeVar("TaskT", bound=Task)


@dataclass(frozen=True)
class Source:
    """What is read.

    Attributes
    ----------
    whole
        The source itself, which this process reads; None where there are pieces.
    pieces
        The pieces of its files, which tasks read.
    reading
        How it is read.
    """

    whole: Any
    pieces: Sequence[Piece]
    reading: Reading


@dataclass(frozen=True)
class Ingest:
    """An ingest.

    Attributes
    ----------
    work
        Where results are.
    tasks
        What runs tasks.
    limits, own_limits
        What each task may use, and the steps in this process.
    progress
        Where the steps report.
    minima
        The least number of items of a user, and of users of an item.
    rows_per_part
        How many rows or pairs one task merges or sorts, about. The data set does not depend on it.
    weighting
        How events are weighted; None: the rows are no events.
    """

    work: WorkFolder
    tasks: TaskRunner
    limits: Limits
    own_limits: Limits
    progress: Progress
    minima: tuple[int, int]
    rows_per_part: int
    weighting: Weighting | None = None

    def write(self, source: Source, name: str, data: str, create: Callable[[], Path]) -> Manifest:
        """Run all steps, write the arrays, and return the manifest.

        Parameters
        ----------
        source
            What is read.
        name
            The name of the data set.
        data
            The name of the folder of its arrays.
        create
            Makes that folder.

        Raises
        ------
        PenchantError
            As :func:`penchant.ingest`.
        """
        with self.progress.reporting():
            rows = self._read(source)
            own_limits = replace(self.own_limits, in_memory=rows.n_good <= FEW_ROWS)
            steps = replace(self, own_limits=own_limits)
            return steps._write(rows, name, data, create)

    def _read(self, source: Source) -> Rows:
        """Read the pieces, or the source in this process."""
        self.progress.step("reading", 0.35)
        if source.pieces:
            settings = source.reading
            if len(source.pieces) > 1:
                settings = self._with_first_file(settings)
            tasks = [
                ReadTask(name_of_piece(piece, settings), self.work, self.limits, settings, piece)
                for piece in source.pieces
            ]
            return combined(self._map(reading.read_piece, tasks, check_alike), source.reading)
        result = self.work.result("read")
        if result is None:
            with self.own_limits.workspace() as space:
                opened = source.reading.open(space, source.whole)
                result = reading.write_rows(space, opened, source.reading, self.work, "read", 0)
        return combined([result], source.reading)

    def _with_first_file(self, settings: Reading) -> Reading:
        """Copy the first file of Parquet from an object store: all tasks need its columns."""
        first = settings.first
        if first is None or settings.options.format != "parquet" or not is_remote(first.address):
            return settings
        result = self.work.result("first")
        if result is None:
            copy = first.fetch(self.work.draft("first"))
            flat = copy.rename(self.work.draft("first"))
            copy.parent.rmdir()
            result = self.work.complete("first", {}, {"first": flat})
        return replace(settings, first=replace(first, address=result.files["first"]))

    def _write(self, rows: Rows, name: str, data: str, create: Callable[[], Path]) -> Manifest:
        n_parts = -(-rows.n_good // self.rows_per_part) or 1
        ids = self._step(
            "numbering the ids", 0.4, f"ids-of-{n_parts:06}", write_codes, rows, n_parts
        )
        cells = self._merge(rows, ids, n_parts)
        report, notes = self._told(rows, cells, name)
        what = "leaving out users and items with few interactions"
        with_empty = self.weighting is not None
        kept = self._step(what, 0.65, "kept", keep, cells, ids, self.minima, with_empty=with_empty)
        is_timed = "timestamp" in rows.roles
        plan = SortPlan(self.work, self.limits, cells, ids, kept, is_timed)
        # with one part of pairs, they are in no order
        n_ranges = -(-cells.n // self.rows_per_part) or 1 if len(cells.parts) > 1 else 1
        ranges: dict[Side, list[Result]] = {}
        for side, until in zip(SIDES, (0.77, 0.9), strict=True):
            self.progress.step(f"sorting by {side}", until)
            ranges[side] = self._map(sorting.sort, plan.tasks(side, n_ranges))
        sides = self._arrays(ranges, ids, kept, create)
        by_user = [part.value for part in ranges["users"]]
        newest = [value["newest"] for value in by_user if value["newest"] is not None]
        step = step_of(kept)
        return Manifest(
            data=data,
            name=name,
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            penchant_version=__version__,
            nnz=sum(value["nnz"] for value in by_user),
            is_timed=is_timed,
            n_dislikes=sum(value["n_negative"] for value in by_user),
            newest=max(newest, default=None),
            report=report,
            notes=notes,
            steps=() if step is None else (step,),
            sides=sides,
        )

    def _merge(self, rows: Rows, ids: Result, n_parts: int) -> Cells:
        self.progress.step("merging the rows of each pair", 0.6)
        weights = None
        if self.weighting is not None:
            weights = event_weights(rows, self.weighting, self.own_limits)
            rows = replace(rows, precision="whole" if weights.is_whole else "ordered")
        tasks = merge_tasks(self.work, self.limits, rows, ids, weights, n_parts)
        return checked_cells(self._map(merging.merge, tasks), rows.policy)

    def _told(
        self, rows: Rows, cells: Cells, name: str
    ) -> tuple[ReadReport | None, tuple[str, ...]]:
        """Return what happened to every row: a report, or of events lines of text.

        Raises
        ------
        EmptyDataError
            If nothing is left.
        """
        if self.weighting is not None:
            if not cells.n:
                raise self.weighting.nothing_left(name)
            return None, (*rows.notes, self.weighting.note(cells.rows, rows.n_good))
        report = rows.tally.report(
            rows.bad,
            rows.policy,
            rows.origin,
            interactions=cells.n,
            merged=cells.merged,
            cancelled=cells.cancelled,
        )
        return replace(report, columns=rows.notes).check_left(), ()

    def _arrays(
        self,
        ranges: dict[Side, list[Result]],
        ids: Result,
        kept: Result,
        create: Callable[[], Path],
    ) -> dict[Side, StoredSide]:
        """Write the arrays of both sides from those of their ranges."""
        sides: dict[Side, StoredSide] = {}
        folder = create()
        try:
            for side, until in zip(SIDES, (0.94, 0.98), strict=True):
                self.progress.step(f"writing {side}", until)
                writer = SideWriter(folder, side)
                writer.write_ids(sorting.read_ids(side, self.own_limits, ids, kept))
                writer.join_rows(ranges[side])
                sides[side] = writer.finish()
        except OSError as error:
            raise DatasetError(f"can't write {folder}: {error.strerror or error}") from error
        return sides

    # --- tasks ---------------------------------------------------------------------

    def _step(
        self,
        what: str,
        until: float,
        name: str,
        function: Callable[..., Result],
        *arguments: Any,
        **options: Any,
    ) -> Result:
        """Run a step in this process, unless it is complete."""
        self.progress.step(what, until)
        result = self.work.result(name)
        return result or function(name, self.work, self.own_limits, *arguments, **options)

    def _map(
        self,
        function: Callable[[TaskT], Result],
        tasks: Sequence[TaskT],
        check: Callable[[Result, Result], None] | None = None,
    ) -> list[Result]:
        """Run the tasks that are not complete, and return the results of all in their order.

        ``check`` compares each result with the first one.
        """
        results = {task.name: self.work.result(task.name) for task in tasks}
        missing = [task for task in tasks if results[task.name] is None]
        n_complete = len(tasks) - len(missing)
        self.progress.part(n_complete, len(tasks))
        for task, result in zip(missing, self.tasks.map(function, missing), strict=True):
            results[task.name] = result
            n_complete += 1
            self.progress.part(n_complete, len(tasks))
            if check is not None:
                complete = [r for r in results.values() if r is not None]
                check(complete[0], result)
        complete = [result for result in results.values() if result is not None]
        if check is not None:
            for result in complete:
                check(complete[0], result)
        return complete
