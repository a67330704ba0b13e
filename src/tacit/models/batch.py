"""Answers for everyone: users a batch at a time, into a file or to whoever asks for the next."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tacit.checks import whole
from tacit.errors import DataError, SettingsError
from tacit.models.lists import ItemLists
from tacit.results import Recommendations

if TYPE_CHECKING:
    from tacit.models.base import Model

Progress = Callable[[int, int], None]
"""Called with how many users are done, and how many there are."""

_AT_ONCE = 1_000_000  # answers in a batch, at most
_MOST_USERS = 10_000
_MEMORY_LIMIT = "256MB"
_FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
    ".csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
    ".jsonl": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
}


def recommend_all(
    model: Model,
    k: int = 10,
    *,
    to: str | Path | None = None,
    batch: int | None = None,
    exclude_seen: bool = True,
    allow: ItemLists | None = None,
    deny: ItemLists | None = None,
    on_progress: Progress | None = None,
) -> Path | Iterator[Recommendations]:
    """Recommendations for every user; see :meth:`tacit.models.base.Model.recommend_all`."""
    k = whole("k", k, 1)
    if batch is None:
        batch = min(_MOST_USERS, max(1, _AT_ONCE // k))
    batch = whole("batch", batch, 1)
    copy_options = None if to is None else _format(Path(to))
    answers = _batches(model, k, batch, exclude_seen, allow, deny, on_progress)
    if to is None or copy_options is None:
        return answers
    return _write(answers, Path(to), copy_options, model)


def _batches(
    model: Model,
    k: int,
    batch: int,
    exclude_seen: bool,
    allow: ItemLists | None,
    deny: ItemLists | None,
    on_progress: Progress | None,
) -> Iterator[Recommendations]:
    users = model.users.array
    allow, deny = (
        one if one is None or hasattr(one, "keys") else list(one) for one in (allow, deny)
    )
    for begin in range(0, len(users), batch):
        some = users[begin : begin + batch].tolist()
        yield model.recommend(some, k, exclude_seen=exclude_seen, allow=allow, deny=deny)
        if on_progress:
            on_progress(begin + len(some), len(users))


def _format(path: Path) -> str:
    suffix = next((one for one in _FORMATS if path.name.lower().endswith(one)), None)
    if suffix is None:
        raise SettingsError(f"can't write {path.name!r}: name a file that ends in "
                            f"{', '.join(_FORMATS)}")  # fmt: skip
    return _FORMATS[suffix]


def _write(answers: Iterator[Recommendations], to: Path, options: str, model: Model) -> Path:
    """All batches in one file, through a scratch database beside it that spills to disk."""
    import duckdb

    if not to.parent.is_dir():
        raise DataError(f"can't write {to}: there is no folder {to.parent}")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as scratch:
            with contextlib.closing(duckdb.connect(str(Path(scratch) / "rows.db"))) as con:
                con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
                con.execute(f"CREATE TABLE answers ({_columns(model)})")
                for some in answers:
                    con.register("batch", some.columns())
                    con.execute("INSERT INTO answers SELECT * FROM batch")
                    con.unregister("batch")
                whole = Path(scratch) / to.name
                con.execute(f"COPY answers TO {_quoted(whole)} ({options})")
            whole.replace(to)
    except OSError as error:
        raise DataError(f"can't write {to}: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise DataError(f"can't write {to}: {error}") from error
    return to


def _columns(model: Model) -> str:
    """The columns of the file, whatever a batch happens to hold."""
    user, item = ("BIGINT" if ids.are_integers else "VARCHAR" for ids in (model.users, model.items))
    named = model.catalogue is not None and model.catalogue.names is not None
    name = "name VARCHAR, " if named else ""
    source = ", source VARCHAR" if model.falls_back else ""
    return f'"user" {user}, rank INTEGER, item {item}, {name}score FLOAT{source}'


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
