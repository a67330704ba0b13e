"""The lists of all users, or of all items: an iterator, a file, or a folder of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from penchant._boundary import checked
from penchant._settings.checks import check_bool, check_int
from penchant.data.ids import Id
from penchant.data.interactions import Interactions
from penchant.data.io.read import as_interactions
from penchant.data.paths import is_remote, local_path, names_folder
from penchant.errors import SettingsError
from penchant.models._answering import similar_items
from penchant.models._arguments import ItemLists, reusable
from penchant.models._batch import Progress, batch_size, batches, columns_of, write_file
from penchant.models._io.writers import Columns
from penchant.models._lists.job import Job
from penchant.models._lists.write import Run, over_items, write_lists
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models._scores import Scoring
from penchant.models._scoring.topk import Metric, check_metric
from penchant.results import Recommendations

_WIDEST = 100

Answers = Path | str | Iterator[Recommendations]


@dataclass(frozen=True, eq=False)
class Folder:
    """The options that folders have and files lack."""

    engine: object = None
    per_file: int | None = None
    model_file: str | Path | None = None
    histories: Interactions | None = None

    def is_meant(self, to: str | Path | None) -> bool:
        """Return whether lists go to a folder.

        Raises
        ------
        SettingsError
            If an option needs one and a file is named, or nothing.
        """
        options = [name for name, value in vars(self).items() if value is not None]
        if names_folder(to):
            return True
        if options and (to is None or Path(to).suffix):
            raise SettingsError(
                f"{options[0]}= writes a folder of Parquet files: name one, such as to='top10/'"
            )
        return bool(options)


@checked
def recommend_all(
    model: Scoring,
    k: int = 10,
    *,
    to: str | Path | None = None,
    batch: int | None = None,
    exclude_seen: bool = True,
    allow: ItemLists | None = None,
    deny: ItemLists | None = None,
    on_progress: Progress | None = None,
    wide: bool = False,
    engine: object = None,
    histories: Interactions | None = None,
    per_file: int | None = None,
    model_file: str | Path | None = None,
) -> Answers:
    """Recommend items for every user; see :meth:`penchant.models.base.Model.recommend_all`."""
    size = batch_size(batch, check_int("k", k, 1))
    check_bool("exclude_seen", exclude_seen)
    allow, deny = reusable(allow), reusable(deny)
    folder = Folder(engine, per_file, model_file, histories)
    n_beside = _beside(k, to, folder, wide=wide)
    if folder.is_meant(to):
        job = Job("recommendations", k, exclude_seen, allow=allow, deny=deny)
        return _to_folder(model, job, to, folder, on_progress)
    request = RecommendRequest(k=k, exclude_seen=exclude_seen, allow=allow, deny=deny)

    def answer(users: list[Id]) -> Recommendations:
        return model.answer(request._replace(users=users))

    answers = batches(model.users, size, answer, on_progress=on_progress)
    return _given(answers, to, columns_of(model, "user", "item"), n_beside)


@checked
def similar_all(
    model: Scoring,
    k: int = 10,
    *,
    to: str | Path | None = None,
    batch: int | None = None,
    metric: Metric = "cosine",
    allow: ItemLists | None = None,
    deny: ItemLists | None = None,
    on_progress: Progress | None = None,
    wide: bool = False,
    engine: object = None,
    per_file: int | None = None,
    model_file: str | Path | None = None,
) -> Answers:
    """Find similar items of every item; see :meth:`penchant.models.base.Model.similar_all`."""
    size = batch_size(batch, check_int("k", k, 1))
    check_metric(metric)
    allow, deny = reusable(allow), reusable(deny)
    folder = Folder(engine, per_file, model_file)
    n_beside = _beside(k, to, folder, wide=wide)
    if folder.is_meant(to):
        job = Job("similar", k, metric=metric, allow=allow, deny=deny)
        return _to_folder(model, job, to, folder, on_progress)
    request = SimilarRequest([], k, metric, allow=allow, deny=deny)

    def answer(items: list[Id]) -> Recommendations:
        return similar_items(model, request._replace(items=items))

    answers = batches(model.items, size, answer, on_progress=on_progress)
    return _given(answers, to, columns_of(model, "item", "similar_item"), n_beside)


@checked
def fold_in_all(
    model: Scoring,
    histories: Interactions,
    *,
    to: str | Path,
    on_progress: Progress | None = None,
    engine: object = None,
    per_file: int | None = None,
    model_file: str | Path | None = None,
) -> Path | str:
    """Write the factors of new users; see :meth:`penchant.models.capabilities.FoldsInUsers`."""
    folder = Folder(engine, per_file, model_file, histories)
    folder.is_meant(to)
    return _to_folder(model, Job("factors"), to, folder, on_progress)


def _beside(k: int, to: str | Path | None, folder: Folder, *, wide: bool) -> int:
    """Return how many answers a row of a file has: k if it is wide, else 0.

    Raises
    ------
    SettingsError
        If no file is written, or a row would be too long.
    """
    check_bool("wide", wide)
    if not wide:
        return 0
    if to is None or folder.is_meant(to):
        raise SettingsError("wide=True writes one file, such as to='mailing.csv'")
    if k > _WIDEST:
        raise SettingsError(f"wide=True has columns for {_WIDEST} items at most, got k={k}")
    return k


def _given(
    answers: Iterator[Recommendations], to: str | Path | None, columns: Columns, n_beside: int
) -> Answers:
    """Return answers as they are, or the file that they are written to."""
    if to is None:
        return answers
    return write_file(answers, local_path(to), columns, wide=n_beside)


def _to_folder(
    model: Scoring,
    job: Job,
    to: str | Path | None,
    folder: Folder,
    on_progress: Progress | None,
) -> Path | str:
    assert to is not None
    histories, file = folder.histories, folder.model_file
    if histories is not None:
        histories = over_items(as_interactions(histories, f"{job.what} of histories"), model.items)
    number = 0 if folder.per_file is None else check_int("per_file", folder.per_file, 1)
    job = replace(job, per_file=number, from_histories=histories is not None)
    run = Run(model, job, histories, None if file is None else Path(file))
    place = to if isinstance(to, str) and is_remote(to) else local_path(to)
    return write_lists(run, place, engine=folder.engine, on_progress=on_progress)
