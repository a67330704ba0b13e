"""Answers for all users or items, a batch at a time, into a file or as an iterator."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from penchant._scratch import PREFIX, scratch_folder
from penchant._settings.checks import check_int
from penchant.data.ids import Id, IdMap
from penchant.data.io.tables import check_file
from penchant.errors import DataError
from penchant.models._io.writers import Columns, FileSink
from penchant.models._scores import Scoring
from penchant.results import Recommendations

Progress = Callable[[int, int], None]
"""Called with the number of users completed, and of all users."""

_MAX_ANSWERS = 1_000_000  # in a batch
_MAX_USERS = 10_000


def batch_size(batch: int | None, k: int) -> int:
    """Return the number of queries in a batch.

    Raises
    ------
    SettingsError
        If ``batch`` is less than 1.
    """
    return (
        min(_MAX_USERS, max(1, _MAX_ANSWERS // k))
        if batch is None
        else check_int("batch", batch, 1)
    )


def batches(
    ids: IdMap,
    size: int,
    answer: Callable[[list[Id]], Recommendations],
    *,
    begin: int = 0,
    on_progress: Progress | None = None,
) -> Iterator[Recommendations]:
    """Yield the answers for ids from number ``begin`` on, a batch at a time."""
    for start in range(begin, len(ids), size):
        batch = ids.array[start : start + size].tolist()
        yield answer(batch)
        if on_progress:
            on_progress(start + len(batch), len(ids))


class Batches(Iterator[Recommendations]):
    """The answers for all users or items; each batch is computed when it is reached.

    Parameters
    ----------
    answers
        The batches.
    what
        What they are, for the representation.
    method
        The method of the model that made them.
    """

    def __init__(self, answers: Iterator[Recommendations], what: str, method: str) -> None:
        self._answers, self._what, self._method = answers, what, method

    def __next__(self) -> Recommendations:
        """Return the answers of the next batch."""
        return next(self._answers)

    def __repr__(self) -> str:
        call = f"model.{self._method}(…"
        return (
            f"<{self._what}, computed in batches: for batch in {call}): print(batch), or "
            f'{call}, to="lists.parquet") for a file>'
        )


def columns_of(model: Scoring, query: str, answer: str) -> Columns:
    """Return the columns of a table of answers and their types, the same for all batches."""
    kinds = {
        name: "BIGINT" if ids.are_integers else "TEXT"
        for name, ids in ((query, model.users if query == "user" else model.items),
                         (answer, model.items))
    }  # fmt: skip
    named = model.catalog is not None and model.catalog.names is not None
    return {
        query: kinds[query],
        "rank": "INTEGER",
        answer: kinds[answer],
        **({"name": "TEXT"} if named else {}),
        "score": "REAL",
        **({"source": "TEXT"} if model.falls_back and query == "user" else {}),
    }


def write_file(
    answers: Iterator[Recommendations], to: Path, columns: Columns, *, wide: int = 0
) -> Path:
    """Write all batches to one file, or none; ``wide`` as for :class:`FileSink`."""
    check_file(to)
    try:
        with (
            scratch_folder(f".{to.name}.{PREFIX}", to.parent) as scratch,
            contextlib.closing(FileSink(to, scratch, columns, wide=wide)) as sink,
        ):
            sink.begin("")
            for number, batch in enumerate(answers):
                sink.write(batch, number)
            sink.finish()
    except OSError as error:
        raise DataError(f"can't write {to}: {error.strerror or error}") from error
    return to
