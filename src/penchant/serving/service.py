"""Models as a service: files in, answers out; no HTTP. Immutable, so that it can be swapped."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.errors import SettingsError, UnknownIdError, UnsupportedError
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models.base import Model
from penchant.models.capabilities import HasItemVectors
from penchant.serving.catalog.filters import ALL, Filters, Lists, Tags
from penchant.serving.catalog.name_search import NameIndex
from penchant.serving.catalog.popular import Popular
from penchant.serving.catalog.views import ItemView, Views
from penchant.serving.mmr import rerank
from penchant.serving.process.loader import ROLES, Artifacts, Role, opened

if TYPE_CHECKING:
    from penchant.serving.store.base import Override

MOST = 1_000
"""Answers of one question, at most, those that are skipped included."""

_POOL = 5  # candidates of a varied list for each place in it


class Scored(NamedTuple):
    """An item and its score."""

    item: ItemView
    score: float


class Why(NamedTuple):
    """Why somebody is given an item: what each item of their past adds to the score."""

    item: ItemView
    score: float
    reasons: list[Scored]


class Service:
    """Answers from up to three models; nothing in it changes.

    Parameters
    ----------
    models
        By role; ``likes`` must be there.
    told
        What the files say of themselves, by role (:func:`penchant._files.artifact.describe`).
    overrides
        What is shown of items in place of the catalog.
    learned
        The number of the last event in the store that the model of likes was fitted on.

    Raises
    ------
    SettingsError
        If there is no model of likes.
    """

    def __init__(
        self,
        models: Mapping[Role, Model],
        told: Mapping[Role, Mapping[str, Any]] | None = None,
        overrides: Mapping[Id, Override] | None = None,
        *,
        learned: int = 0,
    ) -> None:
        if "likes" not in models:
            raise SettingsError("a service needs a model of likes")
        self.models, self._told = dict(models), dict(told or {})
        self.likes, self.learned = models["likes"], learned
        known = [one.catalog for one in models.values()]
        self.views = Views([one for one in known if one is not None], overrides)
        self._tags = Tags(next(iter(self.views.catalogs), None))
        self._by_popularity = Popular(self.likes.interactions)
        self._lock = threading.Lock()
        self._names: NameIndex | None = None
        self._renamed = _renamed(self.views.overrides, self.likes.items)

    @classmethod
    def open(
        cls,
        files: Artifacts,
        *,
        learned: int = 0,
        verify: bool = True,
        threads: int | None = 1,
    ) -> Service:
        """Open model files; their arrays stay in the files, shared between processes.

        Parameters
        ----------
        files
            The files.
        learned
            The number of the last event that the model of likes was fitted on.
        verify
            Compare the checksums, once; see :func:`penchant.load`.
        threads
            How many a single answer may use; None: what each model was made with.

        Raises
        ------
        ArtifactError
            If one can't be used.
        """
        models, told = opened(files, verify=verify, threads=threads)
        return cls(models, told, learned=learned)

    def with_overrides(self, overrides: Mapping[Id, Override]) -> Service:
        """The same with other overrides; the models are shared."""
        made = copy.copy(self)
        made.views = Views(self.views.catalogs, overrides)
        made._renamed = _renamed(overrides, self.likes.items)
        return made

    @cached_property
    def size(self) -> int:
        """How many numbers the model of likes goes through for an answer, about."""
        if isinstance(self.likes, HasItemVectors):
            return int(self.likes.item_factors.size)
        return 64 * len(self.likes.items)

    def prepare(self) -> None:
        """Build the pruning indexes of the models; see :meth:`penchant.ALS.prepare`.

        No request builds them, as it would wait. Native code builds them without the GIL.
        """
        for model in self.models.values():
            model.prepare()

    def index_names(self, before: Service | None = None) -> NameIndex:
        """The index of names; the first call makes it.

        It takes over the work of another service's where the names are the same.
        """
        with self._lock:
            if self._names is None:
                catalog = self.likes.catalog or Catalog(self.likes.items)
                counts = self.counts if catalog.items == self.likes.items else None
                known = None if before is None else before._names
                self._names = NameIndex(catalog, counts, known)
            return self._names

    # --- items and people ---------------------------------------------------------------

    def item(self, item: Id) -> ItemView:
        """What is shown of an item.

        Raises
        ------
        UnknownIdError
            If no model knows it, or it is hidden.
        """
        known = any(item in model.items for model in self.models.values())
        if not known or item in self.views.hidden:
            raise _unknown(item)
        return self.views.view(item)

    def need_item(self, item: Id) -> None:
        """Refuse an item that the model of likes does not know.

        Raises
        ------
        UnknownIdError
            If so.
        """
        if item not in self.likes.items:
            raise _unknown(item)

    def parse_item(self, text: str) -> Id:
        """What a text in an address means as an item."""
        return self.likes.items.parse(text)

    def parse_user(self, text: str) -> Id:
        """What a text in an address means as a person."""
        return self.likes.users.parse(text)

    def knows(self, user: Id) -> bool:
        """Whether the model of likes was fitted on this person."""
        return user in self.likes.users

    def history(self, user: Id) -> dict[Id, float]:
        """What a person of the model took to, item → value.

        Raises
        ------
        UnknownIdError
            If the model does not know them.
        """
        return self.likes.interactions.history(user)

    # --- answers ------------------------------------------------------------------------

    def recommend(
        self,
        user: Id | None = None,
        history: Mapping[Id, float] | Sequence[Id] | None = None,
        *,
        k: int = 20,
        offset: int = 0,
        filters: Filters = ALL,
        exclude_seen: bool = True,
        diversity: float = 0.0,
    ) -> list[Scored]:
        """The best items for a person of the model, or for somebody with this history.

        Somebody who likes nothing yet is given what is popular.

        Parameters
        ----------
        user, history
            One of the two; a history is a list of items or a mapping item → value.
        k, offset
            How many, and how many better ones to skip; together up to ``MOST``.
        filters
            Which items may be answered.
        exclude_seen
            Leave out the history.
        diversity
            0…1: how much the answers shall differ from each other (:func:`~.varied.rerank`).

        Raises
        ------
        UnknownIdError
            If the person, or an item of the history, is not known.
        SettingsError
            If a number is out of its range.
        """
        ids, scores = self.ranked(
            user,
            history,
            k=k,
            offset=offset,
            filters=filters,
            exclude_seen=exclude_seen,
            diversity=diversity,
        )
        return self._scored(ids, scores)

    def ranked(
        self,
        user: Id | None = None,
        history: Mapping[Id, float] | Sequence[Id] | None = None,
        *,
        k: int = 20,
        offset: int = 0,
        filters: Filters = ALL,
        exclude_seen: bool = True,
        diversity: float = 0.0,
    ) -> tuple[Sequence[Id], list[float]]:
        """As :meth:`recommend`: ids and scores alone, for those who make their own records."""
        n = _page(k, offset)
        wanted = min(MOST, n * _POOL) if diversity else n
        lists = self._lists(filters)
        ids: Sequence[Id]
        if history is not None and not len(history):
            ids, scores = self._by_popularity.best(wanted, **lists)
        else:
            request = RecommendRequest(
                users=user,
                k=wanted,
                history=history,
                exclude_seen=exclude_seen,
                may_build=False,
                **lists,
            )
            found = self.likes.answer(request)
            ids, scores = found.ids, found.scores.tolist()
        if diversity:
            order = rerank(scores, self._vectors(ids), n, diversity).tolist()
            ids, scores = [ids[at] for at in order], [scores[at] for at in order]
        return ids[offset:n], scores[offset:n]

    def similar(
        self,
        item: Id,
        row: Role = "likes",
        *,
        k: int = 20,
        offset: int = 0,
        filters: Filters = ALL,
    ) -> list[Scored]:
        """What is like an item, by one of the models; nothing where that does not know it.

        Raises
        ------
        UnknownIdError
            If no model knows the item.
        UnsupportedError
            If there is no such model.
        """
        self.item(item)
        n = _page(k, offset)
        model = self._model(row)
        if item not in model.items:
            return []
        request = SimilarRequest(items=item, k=n, may_build=False, **self._lists(filters))
        found = model.answer_similar(request)
        return self._scored(found.ids[offset:], found.scores[offset:].tolist())

    def explain(
        self,
        user: Id | None = None,
        history: Mapping[Id, float] | Sequence[Id] | None = None,
        *,
        item: Id,
        k: int = 10,
    ) -> Why:
        """Why somebody is given an item: the k items of their past that add most to its score.

        Raises
        ------
        UnknownIdError
            If the person or an item is not known.
        UnsupportedError
            If this kind of model can't tell.
        """
        shown = self.item(item)
        self.need_item(item)
        found = self.likes.explain(user, item, history=history)
        parts = zip(found.ids, found.contributions.tolist(), strict=True)
        reasons = [Scored(self.views.view(one), part) for one, part in parts]
        return Why(shown, found.score, [one for one in reasons if one.score > 0][:k])

    def popular(self, k: int = 20, offset: int = 0, filters: Filters = ALL) -> list[Scored]:
        """What most people like; the score is how many do."""
        n = _page(k, offset)
        ids, scores = self._by_popularity.best(n, **self._lists(filters))
        return self._scored(ids[offset:], scores[offset:])

    def varied(self, k: int = 20) -> list[Scored]:
        """Popular things that are unlike each other: a shelf to begin with."""
        ids, scores = self._by_popularity.best(min(MOST, 20 * k), **self._lists(ALL))
        if not self.has_item_vectors:
            return self._scored(ids[:k], scores[:k])
        order = rerank(np.sqrt(scores), self._vectors(ids), k, 0.7).tolist()
        return self._scored([ids[at] for at in order], [scores[at] for at in order])

    def search(self, text: str, k: int = 10) -> list[ItemView]:
        """Items by what somebody types of their names, slips forgiven; the likeliest first."""
        hidden, (renamed, index) = self.views.hidden, self._renamed
        most = min(MOST, checks.whole("k", k, 1, MOST) + len(hidden) + len(renamed))
        found = index.find(text, most)
        found += [one for one in self.names.find(text, most) if one not in renamed]
        return [self.views.view(one) for one in found if one not in hidden][:k]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (n_items,): how many people like each item."""
        return self._by_popularity.counts

    @property
    def names(self) -> NameIndex:
        """The index of names; the first use makes it."""
        return self.index_names()

    # --- what it is ---------------------------------------------------------------------

    def summary(self) -> list[dict[str, Any]]:
        """Each model in plain JSON: its role, kind, settings, data, metrics, training, dates."""
        return [self._summary(role) for role in ROLES if role in self.models]

    def _summary(self, role: Role) -> dict[str, Any]:
        model, told = self.models[role], self._told.get(role, {})
        info = told.get("info", {})
        return {
            "role": role,
            "kind": model.kind,
            "settings": told.get("settings", model.settings),
            "users": len(model.users),
            "items": len(model.items),
            "interactions": model.interactions.nnz,
            "data": info.get("data", {}),
            "metrics": info.get("metrics", {}),
            "training": info.get("training", []),
            "created": told.get("created", ""),
            "penchant_version": told.get("penchant_version", ""),
            "bytes": told.get("bytes", 0),
        }

    # --- inside -------------------------------------------------------------------------

    def _model(self, role: Role) -> Model:
        checks.choice("row", role, ROLES)
        if role not in self.models:
            raise UnsupportedError(
                f"this service has no model of {role}; it has: {', '.join(self.models)}"
            )
        return self.models[role]

    def _scored(self, ids: Sequence[Id], scores: Sequence[float]) -> list[Scored]:
        view = self.views.view
        return [Scored(view(one), score) for one, score in zip(ids, scores, strict=True)]

    def _lists(self, filters: Filters) -> Lists:
        return self._tags.lists(filters, self.views)

    @property
    def has_item_vectors(self) -> bool:
        """Whether the model of likes holds vectors of items: for the map, and for diversity."""
        return isinstance(self.likes, HasItemVectors)

    def _vectors(self, ids: Sequence[Id]) -> npt.NDArray[Any]:
        if not isinstance(self.likes, HasItemVectors):
            raise UnsupportedError(
                f"a model of kind {self.likes.kind!r} has no vectors to vary a list by"
            )
        factors: npt.NDArray[Any] = self.likes.item_factors
        return factors[self.likes.items.codes(ids)]


def _unknown(item: Id) -> UnknownIdError:
    """Close matches are not looked for, as that takes long where there are many items."""
    return UnknownIdError(f"unknown item {item!r}: search finds items by name")


def _renamed(overrides: Mapping[Id, Override], items: IdMap) -> tuple[Collection[Id], NameIndex]:
    """Items with names that stand in the place of the catalog's, and an index of those."""
    names = {one: how.name for one, how in overrides.items() if how.name and one in items}
    return names.keys(), NameIndex(Catalog(IdMap(names), names=list(names.values())))


def _page(k: int, offset: int) -> int:
    """How many answers must be found for a page of k of them."""
    checks.whole("offset", offset, 0, MOST)
    n = offset + checks.whole("k", k, 1, MOST)
    if n > MOST:
        raise SettingsError(f"k and offset together may be {MOST:,} at most, got {n:,}")
    return n
