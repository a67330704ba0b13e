"""Export of the answers for all users or items to a file or a database table; resumable."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from penchant._boundary import checked
from penchant._settings import checks
from penchant.data.ids import Id, IdMap
from penchant.data.io.database import is_address
from penchant.data.paths import local_path
from penchant.errors import ArtifactError
from penchant.models._arguments import ItemLists, as_list, reusable
from penchant.models._batch import Progress, batch_size, batches, columns_of
from penchant.models._io.writers import Columns, FileSink, Sink, TableSink
from penchant.models.base import Metric, Model
from penchant.results import Recommendations

What = Literal["recommendations", "similar"]


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes
    ----------
    queries
        The number of users or items with answers.
    resumed
        The number of these that an earlier, interrupted run had answered.
    """

    queries: int
    resumed: int


@checked
def export(
    model_file: str | Path,
    to: str | Path,
    *,
    what: What = "recommendations",
    k: int = 10,
    table: str | None = None,
    exclude_seen: bool = True,
    metric: Metric = "cosine",
    allow: ItemLists | None = None,
    deny: ItemLists | None = None,
    leave_out: Collection[Id] = (),
    batch: int | None = None,
    on_progress: Progress | None = None,
) -> Exported:
    """Write the best items for every user, or the most similar items of every item.

    An interrupted export resumes when it is run again with the same model and settings, and the
    result is the same. The file or table appears, or replaces the previous one, once it is
    complete.

    Parameters
    ----------
    model_file
        The file of the model.
    to
        A file that ends in ``.parquet``, ``.csv``, ``.jsonl``, ``.csv.gz`` or ``.jsonl.gz``, or
        the address of a database, ``sqlite:///file.db`` or ``postgresql://user@host/name``.
    what
        ``"recommendations"``, with the columns user, rank, item, name (if names are known) and
        score; or ``"similar"``: item, rank, similar_item, name and score.
    k
        The number of answers for each.
    table
        The name of the table in a database; None: ``what``.
    exclude_seen
        Leave out the items of a user's history.
    metric
        The similarity of items: ``"cosine"`` or ``"dot"``.
    allow, deny
        The only items to choose from, and items to leave out; as for
        :meth:`penchant.models.base.Model.recommend`.
    leave_out
        Users to write nothing for, such as those who were deleted from a store.
    batch
        The number of users or items at a time; None: up to 10,000.
    on_progress
        Called after each batch with the completed and the total number of users or items.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    UnknownIdError
        If an item of allow or deny is of another type than the model's.
    DataError
        If the file or the table can't be written, or the table has other columns.
    ArtifactError
        If the model can't be read.
    """
    from penchant.models import load

    checks.check_choice("what", what, ("recommendations", "similar"))
    size = batch_size(batch, checks.check_int("k", k, 1))
    model = load(model_file)
    limits: dict[str, Any] = {"allow": reusable(allow), "deny": reusable(deny)}
    ids, columns, answer = _queries(model, what, k, exclude_seen, metric, limits)
    if leave_out and what == "recommendations":
        ids = _without(ids, leave_out)
    settings = [what, k, exclude_seen, metric, *map(_plain, limits.values())]
    if leave_out:
        settings.append(_plain(list(leave_out)))
    digest = _digest(Path(model_file), settings)
    with contextlib.closing(_sink(to, table or what, columns)) as sink:
        resumed = sink.begin(digest)
        completed = resumed
        for answers in batches(ids, size, answer, begin=resumed):
            completed += len(answers.queries)
            sink.write(answers, completed)
            if on_progress:
                on_progress(completed, len(ids))
        sink.finish()
    return Exported(len(ids), resumed)


def _queries(
    model: Model,
    what: What,
    k: int,
    exclude_seen: bool,
    metric: Metric,
    limits: dict[str, Any],
) -> tuple[IdMap, Columns, Callable[[list[Id]], Recommendations]]:
    if what == "similar":
        columns = columns_of(model, "item", "similar_item")
        options = {"metric": metric, **limits}
        return model.items, columns, lambda items: model.similar_items(items, k, **options)
    columns = columns_of(model, "user", "item")
    options = {"exclude_seen": exclude_seen, **limits}
    return model.users, columns, lambda users: model.recommend(users, k, **options)


def _without(ids: IdMap, leave_out: Collection[Id]) -> IdMap:
    gone = [ids.code(user) for user in leave_out if user in ids]
    return ids.subset(np.delete(np.arange(len(ids)), gone))


def _plain(lists: ItemLists | None) -> Any:
    """Return lists in a form that JSON can hold, independent of their order."""
    if isinstance(lists, Mapping):
        return sorted([repr(query), _plain(items)] for query, items in lists.items())
    return None if lists is None else sorted(set(map(repr, as_list(lists))))


def _sink(to: str | Path, table: str, columns: Columns) -> Sink:
    if is_address(to):
        return TableSink(str(to), table, columns)
    path = local_path(to)
    return FileSink(path, path.with_name(f".{path.name}.partial"), columns)


def _digest(model_file: Path, settings: list[Any]) -> str:
    """Return the identity of an export: a SHA-256 of the model's bytes and the settings."""
    try:
        with model_file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise ArtifactError(f"can't read {model_file}: {error.strerror}") from error
    digest.update(json.dumps(settings).encode())
    return digest.hexdigest()
