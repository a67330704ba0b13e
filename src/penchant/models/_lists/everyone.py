"""The methods of a model that answer for all users or items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, overload

from penchant.data.interactions import Interactions
from penchant.models._scores import Scoring
from penchant.results import Recommendations


class AnswersAll(Scoring):
    """The part of a model that answers for everyone, in batches: memory does not grow."""

    @overload
    def recommend_all(self, k: int = 10, *, to: str | Path, **options: Any) -> Path | str: ...
    @overload
    def recommend_all(
        self, k: int = 10, *, to: None = None, **options: Any
    ) -> Iterator[Recommendations]: ...
    def recommend_all(
        self, k: int = 10, *, to: str | Path | None = None, **options: Any
    ) -> Path | str | Iterator[Recommendations]:
        """Recommend items for every user, in batches: memory does not grow with their number.

        Parameters
        ----------
        k
            The number of items for each; users with fewer candidates get fewer.
        to
            A file to write: ``.parquet``, ``.csv``, ``.jsonl``, ``.csv.gz`` or ``.jsonl.gz``, with
            the columns user, rank, item, name (if names are known) and score; or a folder of such
            Parquet files: a path that ends in a slash, or an address such as ``s3://bucket/top``.
            It appears, or replaces the previous one, once it is complete; a folder that was
            interrupted is continued. None: nothing is written.
        **options
            ``exclude_seen``, ``allow`` and ``deny`` as for :meth:`recommend`; ``batch``, how many
            users at a time (None: up to 10,000); ``on_progress``, called after each batch
            with the number of users completed and of all users; and ``wide``, for a file with a
            row per user, item_1, name_1, item_2, … and no scores, as for a mailing (k is up to
            100). For folders: ``engine``, a cluster whose workers compute the files
            (:class:`penchant.engines.Dask`); ``histories``, interactions in place of those of the
            model's users, with users of their own;
            ``per_file``, how many users to a file; and ``model_file``, a file of this model that
            the workers see (None: a copy in the folder, removed at the end).

        Returns
        -------
        Path, str or Iterator
            The file or folder; or with ``to=None`` an iterator over the answers of each batch.

        Raises
        ------
        SettingsError
            If k or batch is less than 1, or the suffix is none of those above.
        DataError
            If the file can't be written.
        """
        from penchant.models._batch import Batches
        from penchant.models._lists import entry

        lists = entry.recommend_all(self, k, to=to, **options)
        if isinstance(lists, Path | str):
            return lists
        return Batches(lists, f"recommendations for {len(self.users):,} users", "recommend_all")

    @overload
    def similar_all(self, k: int = 10, *, to: str | Path, **options: Any) -> Path | str: ...
    @overload
    def similar_all(
        self, k: int = 10, *, to: None = None, **options: Any
    ) -> Iterator[Recommendations]: ...
    def similar_all(
        self, k: int = 10, *, to: str | Path | None = None, **options: Any
    ) -> Path | str | Iterator[Recommendations]:
        """Find the items most similar to every item, in batches; see :meth:`recommend_all`.

        The options ``metric``, ``allow`` and ``deny`` are as for :meth:`similar_items`.
        """
        from penchant.models._batch import Batches
        from penchant.models._lists import entry

        lists = entry.similar_all(self, k, to=to, **options)
        if isinstance(lists, Path | str):
            return lists
        return Batches(lists, f"similar items of {len(self.items):,} items", "similar_all")

    def fold_in_all(self, histories: Interactions, *, to: str | Path, **options: Any) -> Path | str:
        """Write the factors of new users to a folder of Parquet files.

        Parameters
        ----------
        histories
            Their interactions; items that the model does not know are left out.
        to
            A folder or address, as for :meth:`recommend_all`; the columns are user and factors.
        **options
            ``engine``, ``per_file``, ``model_file`` and ``on_progress`` as for
            :meth:`recommend_all`.

        Raises
        ------
        UnsupportedError
            If this kind of model has no factors of new users.
        """
        from penchant.models._lists import entry

        return entry.fold_in_all(self, histories, to=to, **options)
