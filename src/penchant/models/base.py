"""The contract of every model: fit, recommend, similar_items, scores, explain, save.

A model says how it scores (:meth:`Model._scorer`) and, if it can, which vectors stand for its
items and users; everything that turns scores into answers is written once, here.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import numpy.typing as npt

from penchant._files import artifact
from penchant._settings import checks
from penchant._settings.configurable import Configurable
from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, Interactions, histories_to_csr, need_interactions
from penchant.errors import (
    CorruptArtifactError,
    DataError,
    EmptyDataError,
    NotFittedError,
    SettingsError,
    UnknownIdError,
    UnsupportedError,
)
from penchant.models._arguments import (
    History,
    ItemLists,
    allowed,
    as_histories,
    as_list,
    excluded,
)
from penchant.models._io import files
from penchant.models._scoring.scorers import Scorer, TopK
from penchant.models._scoring.topk import Metric as Metric
from penchant.models._scoring.topk import checked, diagonal, top_k
from penchant.models._scoring.topk import vector_scorer as vector_scorer
from penchant.models.epoch import Epoch as Epoch
from penchant.models.epoch import OnEpoch as OnEpoch
from penchant.results import Explanation, Recommendations


class Model(Configurable, ABC):
    """What every model of penchant does.

    Settings are the declared fields of a model's dataclass, see
    :class:`penchant._settings.declarations.Setting`: they are validated when it is made. What it
    learned is kept beside them.
    """

    kind: ClassVar[str]
    """The name of this kind of model in model files."""

    personal: ClassVar[bool] = True
    """Whether what it recommends depends on whom it is for."""

    falls_back: ClassVar[bool] = False
    """Whether it answers for anybody, users it does not know too, and tells who answered."""

    _interactions: Interactions | None = None
    _metrics: Mapping[str, object] = {}

    def described(self) -> dict[str, Any]:
        """Its kind and settings, as JSON can hold them."""
        return {"kind": self.kind, "settings": self.settings}

    def snapshot(self) -> Self:
        """A model of its own that stays as this one is now.

        Taken within ``on_epoch`` it is the model that training would have given had it ended
        with that epoch.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        _ = self.interactions
        return copy.copy(self)

    def load_state_from(self, other: Self) -> Self:
        """Take over what another model of this kind learned; the settings stay.

        Raises
        ------
        NotFittedError
            If the other is not fitted.
        """
        learned = other.snapshot()
        own = self.settings_names()
        vars(self).update({name: kept for name, kept in vars(learned).items() if name not in own})
        return self

    # --- what a kind of model provides --------------------------------------------

    @abstractmethod
    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Learn from interactions; what was learned before is forgotten."""

    @classmethod
    def shared(cls, settings: Mapping[str, Any], data: Interactions) -> dict[str, Any]:  # noqa: ARG003
        """What takes the place of some of the settings for many models fitted on the same data.

        It is what all of them would learn alike, learned once: a search asks for it first.
        """
        return {}

    @abstractmethod
    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        """Scores for some people.

        ``rows`` holds their histories over the model's items. ``users`` are their codes if they
        are the model's own users with the histories it was fitted on, else None.
        """

    @abstractmethod
    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """How like each item of the model is to some of them."""

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        """How like each user of the model is to some of them."""
        raise UnsupportedError(
            f"{type(self).__name__} has no similar users: it has no user vectors"
        )

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """For which people it has something of its own to say, by what is known of them.

        ``rows`` and ``users`` are as for :meth:`_scorer`, ``met`` the items that somebody had
        taken to when it was fitted: what it knows of others comes from elsewhere, or from nowhere.
        """
        if not self.personal:
            return np.ones(rows.n_rows, dtype=np.bool_)
        entries = slice(None) if self.scores_cold_items else met[rows.indices]
        return np.bincount(rows.row_of_entry[entries], minlength=rows.n_rows) > 0

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        """What each entry of a one-row history adds to the score of an item."""
        raise UnsupportedError(f"{type(self).__name__} does not explain its scores")

    @abstractmethod
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What was learned, for :meth:`save`."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take back what :meth:`_arrays` gave; ``_interactions`` is already there."""

    # --- what it was fitted on -----------------------------------------------------

    @property
    def interactions(self) -> Interactions:
        """What the model was fitted on.

        Raises
        ------
        NotFittedError
            If it was not fitted yet.
        """
        if self._interactions is None:
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet: call .fit(interactions) first"
            )
        return self._interactions

    @property
    def users(self) -> IdMap:
        """The users it knows, in the order of their codes."""
        return self.interactions.users

    @property
    def items(self) -> IdMap:
        """The items it knows, in the order of their codes."""
        return self.interactions.items

    @property
    def scores_cold_items(self) -> bool:
        """Whether it has something to say of items that nobody had taken to when it was fitted."""
        return False

    @property
    def catalog(self) -> Catalog | None:
        """What is known of the items, or None."""
        return self.interactions.catalog

    # --- answers -------------------------------------------------------------------

    def scorer(self, interactions: Interactions) -> Scorer:
        """Scores of the model's items for every user of ``interactions``, one query each.

        Users are taken by their histories there, not by their ids; where these are those that
        the model was fitted on, row for row, what it learned of them is used as it is.

        Raises
        ------
        DataError
            If the items are not the model's, in the same order.
        """
        if interactions.items != self.items:
            raise DataError(
                f"the model was fitted on {len(self.items):,} items, and these interactions are "
                f"over {len(interactions.items):,} that are not the same in the same order"
            )
        own = _same_entries(interactions.csr, self.interactions.csr)
        return self._scorer(interactions.csr, np.arange(interactions.n_users) if own else None)

    def prepare(self) -> None:
        """Make beforehand what answers are found by in large catalogs.

        It is made by itself once somebody asks repeatedly; a server has it made before anybody
        waits for it. No answer changes.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        rows = self.interactions.csr.take_rows(np.zeros(1, dtype=np.int64))
        self._scorer(rows, np.zeros(1, dtype=np.int64)).prepare()
        self._item_scorer(np.zeros(1, dtype=np.int32), "cosine").prepare()

    def recommend(
        self,
        users: Id | Iterable[Id] | None = None,
        k: int = 10,
        *,
        history: History | Sequence[History] | None = None,
        exclude_seen: bool = True,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
        scale: bool = False,
    ) -> Recommendations:
        """The best items for people, known or never seen.

        Parameters
        ----------
        users
            One id or several.
        k
            How many for each; who has fewer candidates gets fewer.
        history
            In place of ``users``: what a person who was never seen likes, as a list of items or
            a mapping item → value; or a list of such histories.
        exclude_seen
            Leave out what a person already has in their history.
        allow, deny
            Items to choose from alone, and items to leave out: a list for everybody, or a
            mapping user → list (users that it does not name are not limited; the lists of
            histories go by their numbers). Items the model does not know are passed over: it
            could not recommend them.
        scale
            Scale the scores of each list to 0…1, the first 1 and the last 0.

        Raises
        ------
        UnknownIdError
            If a user, or an item of a history, was never seen, the message naming close matches;
            or an item of allow or deny is of another type than the model's.
        NotFittedError, SettingsError
            If the model is not fitted, k is less than 1, or allow or deny are no lists.
        DataError
            If a history is no list of items, or a value in it no finite number.
        """
        queries, rows, codes = self._people(users, history)
        scorer = self._scorer(rows, codes)
        top = top_k(
            scorer,
            checks.whole("k", k, 1),
            excluded(rows if exclude_seen else None, deny, queries, self.items),
            allowed(allow, queries, self.items),
        )
        kind: Literal["user", "history"] = "history" if codes is None else "user"
        answer = self._answer(queries, kind, "item", top, scorer.sources)
        return answer.with_scaled_scores() if scale else answer

    @overload
    def recommend_all(self, k: int = 10, *, to: str | Path, **how: Any) -> Path: ...
    @overload
    def recommend_all(
        self, k: int = 10, *, to: None = None, **how: Any
    ) -> Iterator[Recommendations]: ...
    def recommend_all(
        self, k: int = 10, *, to: str | Path | None = None, **how: Any
    ) -> Path | Iterator[Recommendations]:
        """The best items for every user, with memory that does not grow with their number.

        Parameters
        ----------
        k
            How many for each; who has fewer candidates gets fewer.
        to
            A file to write: ``.parquet``, ``.csv``, ``.jsonl``, ``.csv.gz`` or ``.jsonl.gz``, with
            the columns user, rank, item, name (if names are known) and score. It appears once it
            is whole; one that is there is replaced then. None: nothing is written.
        **how
            ``exclude_seen``, ``allow`` and ``deny`` as for :meth:`recommend`; ``batch``, how many
            users at a time (None: up to 10,000); and ``on_progress``, called after each batch
            with how many users are done and how many there are.

        Returns
        -------
        Path or Iterator
            The file; or with ``to=None`` an iterator of a batch's answers at a time.

        Raises
        ------
        SettingsError
            If k or batch is less than 1, or the suffix is none of those above.
        DataError
            If the file can't be written.
        """
        from penchant.models._batch import recommend_all

        return recommend_all(self, k, to=to, **how)

    def similar_items(
        self,
        items: Id | Iterable[Id],
        k: int = 10,
        *,
        metric: Metric = "cosine",
        include_self: bool = False,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
    ) -> Recommendations:
        """The items most like some items.

        Parameters
        ----------
        items
            One id or several.
        k
            How many for each.
        metric
            ``"cosine"`` of the items' vectors, or their inner product, ``"dot"``, which favors
            what is popular.
        include_self
            Whether an item is among those like itself.
        allow, deny
            As for :meth:`recommend`.

        Raises
        ------
        UnknownIdError
            If an item was never seen; the message names close matches.
        """
        queries = as_list(items)
        codes = self.items.codes(queries)
        itself = None if include_self else diagonal(codes, len(self.items))
        scorer = self._item_scorer(codes, checked(metric))
        top = top_k(
            scorer,
            checks.whole("k", k, 1),
            excluded(itself, deny, queries, self.items),
            allowed(allow, queries, self.items),
        )
        return self._answer(queries, "item", "item", top, scorer.sources)

    def similar_users(
        self, users: Id | Iterable[Id], k: int = 10, *, metric: Metric = "cosine"
    ) -> Recommendations:
        """The users most like some users, by their vectors.

        Raises
        ------
        UnknownIdError
            If a user was never seen.
        UnsupportedError
            If this kind of model has no vectors of users.
        """
        queries = as_list(users)
        codes = self.users.codes(queries)
        scorer = self._user_scorer(codes, checked(metric))
        top = scorer.top_k(checks.whole("k", k, 1), exclude=diagonal(codes, len(self.users)))
        return self._answer(queries, "user", "user", top)

    def scores(self, user: Id, items: Id | Iterable[Id]) -> npt.NDArray[np.float32]:
        """The scores of some items (one or several) for a user, seen ones too; float32, one each.

        Raises
        ------
        UnknownIdError
            If the user or an item was never seen.
        """
        codes = self.users.codes([user])
        wanted = self.items.codes(as_list(items))
        unique, where = np.unique(wanted, return_inverse=True)
        cells = Csr(
            np.array([0, len(unique)], dtype=np.int64),
            unique,
            np.ones(len(unique), dtype=np.float32),
            len(self.items),
        )
        rows = self.interactions.csr.take_rows(codes)
        return self._scorer(rows, codes).at(cells)[where]

    def explain(
        self, user: Id | None = None, item: Id | None = None, *, history: History | None = None
    ) -> Explanation:
        """Why a user is given an item: what each item of their past adds to the score.

        The contributions add up to the score.

        Raises
        ------
        UnknownIdError
            If the user, the item or an item of the history was never seen.
        UnsupportedError
            If this kind of model can't explain its scores.
        SettingsError
            If no item is named, or not exactly one user or history.
        """
        if item is None:
            raise SettingsError("explain which item? pass item=…")
        people, row, known = self._people(user, history)
        if len(people) != 1:
            raise SettingsError(f"explain is for one user or one history, got {len(people):,}")
        code = self.items.code(item)
        parts = self._contributions(row, code)
        order = np.argsort(-parts, kind="stable")
        return Explanation(
            user=None if known is None else people[0],
            item=self.items[code],
            score=float(parts.sum()),
            ids=self.items[row.indices[order]].tolist(),
            contributions=parts[order],
            catalog=self.catalog,
        )

    # --- files ---------------------------------------------------------------------

    def save(self, path: str | Path, *, metrics: Mapping[str, object] | None = None) -> Path:
        """Write the model to one file, with its ids, catalog, history and settings.

        The file is written whole or not at all, and holds no code: see :func:`penchant.load`.

        Parameters
        ----------
        path
            Where to; by custom it ends in ``.penchant``.
        metrics
            Figures to keep with the model, such as ``evaluation.to_dict()``.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        kept = self.metrics if metrics is None else metrics
        data, settings = self.interactions, self.settings
        bundle = files.to_bundle(self.kind, settings, data, self._arrays(), self._training(), kept)
        artifact.write(bundle, path)
        return Path(path)

    @classmethod
    def from_bundle(cls, bundle: artifact.Bundle) -> Self:
        """The model that was saved as a bundle; :func:`penchant.load` finds the class.

        Raises
        ------
        CorruptArtifactError
            If the bundle lacks something or its parts don't fit.
        """
        try:
            model = cls(**files.settings_of(bundle))
            model._interactions = files.interactions_of(bundle)
            model._metrics = bundle.info["metrics"]
            model._restore(bundle.arrays)
            model._restore_training(bundle.info["training"])
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptArtifactError(f"the parts of this model don't fit: {error}") from error
        return model

    @property
    def metrics(self) -> Mapping[str, object]:
        """Figures that were saved with the model."""
        return self._metrics

    def _training(self) -> list[dict[str, Any]]:
        """How training went, for the file."""
        return []

    def _restore_training(self, training: list[dict[str, Any]]) -> None:  # noqa: B027
        """Take back what :meth:`_training` gave."""

    # --- inside --------------------------------------------------------------------

    def _to_learn(self, interactions: Interactions) -> Interactions:
        """What ``fit`` was given, if there is something in it to learn from.

        Raises
        ------
        DataError
            If it is no interactions.
        EmptyDataError
            If there are none.
        """
        data = need_interactions(interactions, f"{type(self).__name__}.fit")
        if data.nnz == 0:
            raise EmptyDataError(f"there are no interactions in {data.name!r} to learn from")
        return data

    def _people(
        self, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
    ) -> tuple[list[Id], Csr, npt.NDArray[np.int32] | None]:
        """Whom a question is about: ids, histories, and codes if they are known users."""
        if (users is None) == (history is None):
            raise SettingsError("name users, or give a history, and not both")
        if history is None:
            assert users is not None
            queries = as_list(users)
            try:
                codes = self.users.codes(queries)
            except UnknownIdError as error:
                raise UnknownIdError(f"{error}; for a new person pass history=[…]") from None
            return queries, self.interactions.csr.take_rows(codes), codes
        rows = histories_to_csr(as_histories(history), self.items)
        return list(range(rows.n_rows)), rows, None

    def _answer(
        self,
        queries: list[Id],
        query_kind: Literal["user", "item", "history"],
        answer_kind: Literal["user", "item"],
        top: TopK,
        sources: Sequence[str] | None = None,
    ) -> Recommendations:
        names = self.items if answer_kind == "item" else self.users
        return Recommendations(
            queries=queries,
            query_kind=query_kind,
            answer_kind=answer_kind,
            offsets=top.indptr,
            ids=names[top.indices].tolist(),
            scores=top.scores,
            catalog=self.catalog,
            sources=sources,
        )


def _same_entries(one: Csr, other: Csr) -> bool:
    """Whether two matrices over the same columns hold the same."""
    return one is other or all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for part in ("indptr", "indices", "values")
    )
