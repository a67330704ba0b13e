"""Recommendations, similar items, explanations and search from model files, without HTTP."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant._settings.checks import check_choice, check_int
from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.errors import SettingsError, UnknownIdError, UnsupportedError
from penchant.models._answering import seen_items
from penchant.models._outline import n_interactions
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models.base import Model
from penchant.models.capabilities import HasItemVectors
from penchant.serving.catalog.filters import ALL, Filters, Lists, Tags
from penchant.serving.catalog.name_search import NameIndex, searchable
from penchant.serving.catalog.popular import Popular
from penchant.serving.catalog.views import ItemView, Views
from penchant.serving.learned import NOTHING, Learned
from penchant.serving.mmr import item_vectors, rerank
from penchant.serving.process.loader import ROLES, Artifacts, Role, open_models
from penchant.serving.query import MAX_RESULTS, History, RecommendQuery, check_page

if TYPE_CHECKING:
    from penchant.serving.store.base import Override

__all__ = ["ExplainedItem", "ScoredItem", "Service"]

_POOL = 5  # candidates of a diversified list for each of its items


class ScoredItem(NamedTuple):
    """An item and its score."""

    item: ItemView
    score: float


class ExplainedItem(NamedTuple):
    """An item, its score, and what each item of the history contributes to that."""

    item: ItemView
    score: float
    reasons: list[ScoredItem]


class Service:
    """Answers from up to three models; immutable, so that a server can swap it at any time.

    Parameters
    ----------
    models
        Models by role; ``likes`` is required.
    descriptions
        The descriptions in the model files, by role (:func:`penchant._files.artifact.describe`).
    overrides
        Item fields that replace those of the catalog.
    learned
        The last event and deletion of the store that the model of likes includes.

    Raises
    ------
    SettingsError
        If there is no model of likes.
    """

    def __init__(
        self,
        models: Mapping[Role, Model],
        descriptions: Mapping[Role, Mapping[str, Any]] | None = None,
        overrides: Mapping[Id, Override] | None = None,
        *,
        learned: Learned = NOTHING,
    ) -> None:
        if "likes" not in models:
            raise SettingsError("a service needs a model of likes")
        self.models, self._descriptions = dict(models), dict(descriptions or {})
        self.likes, self.learned = models["likes"], learned
        catalogs = [model.catalog for model in models.values()]
        self.views = Views([catalog for catalog in catalogs if catalog is not None], overrides)
        self._tags = Tags(next(iter(self.views.catalogs), None))
        self._by_popularity = Popular(self.likes._trained_on)
        self._lock = threading.Lock()
        self._names: NameIndex | None = None
        self._renamed = _index_renamed(self.views.overrides, self.likes.items)

    @classmethod
    def open(cls, files: Artifacts, *, learned: Learned = NOTHING, **options: Any) -> Service:
        """Open model files; arrays are memory-mapped and so shared between processes.

        ``learned`` is that of the class; see :func:`open_models` for the options.

        Raises
        ------
        ArtifactError
            If a file can't be used.
        """
        models, descriptions = open_models(files, **options)
        return cls(models, descriptions, learned=learned)

    def with_overrides(self, overrides: Mapping[Id, Override]) -> Service:
        """Return a service with other overrides that shares the models."""
        service = copy.copy(self)
        service.views = Views(self.views.catalogs, overrides)
        service._renamed = _index_renamed(overrides, self.likes.items)
        return service

    @cached_property
    def size(self) -> int:
        """Return about how many numbers the model of likes reads for an answer."""
        if isinstance(self.likes, HasItemVectors):
            return int(self.likes.item_factors.size)
        return 64 * len(self.likes.items)

    def prepare(self) -> None:
        """Build the pruning indexes of all models; see :meth:`penchant.ALS.prepare`.

        Requests never build them, since that takes long; without an index they scan all items.
        """
        for model in self.models.values():
            model.prepare()

    def index_names(self, previous: Service | None = None) -> NameIndex:
        """Return the name index; the first call builds it.

        Where the names are the same as in a previous service, its work is reused.
        """
        with self._lock:
            if self._names is None:
                catalog = searchable(self.likes, self.models.values())
                counts = np.pad(self.counts, (0, len(catalog) - len(self.counts)))
                reused = None if previous is None else previous._names
                self._names = NameIndex(catalog, counts, reused)
            return self._names

    # --- items and people ---------------------------------------------------------------

    def item(self, item: Id) -> ItemView:
        """Return the record of an item.

        Raises
        ------
        UnknownIdError
            If no model has it, or it is hidden.
        """
        exists = item in self.likes.items or any(item in m.items for m in self.models.values())
        if not exists or item in self.views.hidden:
            raise _unknown(item)
        return self.views.view(item)

    def require_item(self, item: Id) -> None:
        """Check that the model of likes has an item.

        Raises
        ------
        UnknownIdError
            If not.
        """
        if item not in self.likes.items:
            raise _unknown(item)

    def parse_item(self, text: str) -> Id:
        """Return the item id that a text stands for."""
        return self.likes.items.parse(text)

    def parse_user(self, text: str) -> Id:
        """Return the user id that a text stands for."""
        return self.likes.users.parse(text)

    def has_user(self, user: Id) -> bool:
        """Return whether the model of likes was fitted on a user."""
        return user in self.likes.users

    def history(self, user: Id) -> dict[Id, float]:
        """Return the interactions that the model of likes has of a user, item → value.

        There are none if it was saved without them.

        Raises
        ------
        UnknownIdError
            If the model does not have the user.
        """
        return self.likes._trained_on.history(user)

    # --- answers ------------------------------------------------------------------------

    def recommend(
        self,
        user: Id | None = None,
        history: History | None = None,
        **options: Any,
    ) -> list[ScoredItem]:
        """Return the best items for a user of the model or for a history.

        Parameters
        ----------
        user, history, options
            The fields of :class:`penchant.serving.query.RecommendQuery`.

        Raises
        ------
        UnknownIdError
            If the user, or an item of the history, is unknown.
        SettingsError
            If a number is out of its range.
        """
        return self._scored(*self.rank(RecommendQuery(user, history, **options)))

    def rank(self, query: RecommendQuery) -> tuple[Sequence[Id], list[float]]:
        """Return the ids and scores that answer a query; see :meth:`recommend`."""
        n = check_page(query.k, query.offset)
        wanted = min(MAX_RESULTS, n * _POOL) if query.diversity else n
        lists, history = self._lists(query.filters), query.history
        if query.seen_by is not None and query.exclude_seen:
            lists["deny"] = {*(lists["deny"] or ()), *seen_items(self.likes, query.seen_by)}
        ids: Sequence[Id]
        if history is not None and not len(history):
            ids, scores = self._by_popularity.best(wanted, **lists)
        else:
            request = RecommendRequest(
                query.user, wanted, history, query.exclude_seen, may_build=False, **lists
            )
            result = self.likes.answer(request)
            ids, scores = result.ids, result.scores.tolist()
        if query.diversity:
            order = rerank(scores, item_vectors(self.likes, ids), n, query.diversity).tolist()
            ids, scores = [ids[i] for i in order], [scores[i] for i in order]
        return ids[query.offset : n], scores[query.offset : n]

    def similar(
        self,
        item: Id,
        role: Role = "likes",
        *,
        k: int = 20,
        offset: int = 0,
        filters: Filters = ALL,
    ) -> list[ScoredItem]:
        """Return the items most similar to an item by one of the models; none if it lacks the item.

        Raises
        ------
        UnknownIdError
            If no model has the item.
        UnsupportedError
            If there is no model of that role.
        """
        return self._scored(*self.rank_similar(item, role, k=k, offset=offset, filters=filters))

    def rank_similar(
        self, item: Id, role: Role, *, k: int, offset: int, filters: Filters
    ) -> tuple[Sequence[Id], list[float]]:
        """Return the ids and scores of the items most similar to an item; see :meth:`similar`."""
        self.item(item)
        n = check_page(k, offset)
        model = self._model(role)
        if item not in model.items:
            return [], []
        request = SimilarRequest(items=item, k=n, may_build=False, **self._lists(filters))
        result = model.answer_similar(request)
        return result.ids[offset:], result.scores[offset:].tolist()

    def explain(
        self,
        user: Id | None = None,
        history: History | None = None,
        *,
        item: Id,
        k: int = 10,
    ) -> ExplainedItem:
        """Explain the score of an item by the k items of the history that contribute most.

        Raises
        ------
        UnknownIdError
            If the user or an item is unknown.
        UnsupportedError
            If this kind of model has no explanations.
        """
        view = self.item(item)
        self.require_item(item)
        explanation = self.likes.explain(user, item, history=history)
        pairs = zip(explanation.ids, explanation.contributions.tolist(), strict=True)
        reasons = [ScoredItem(self.views.view(source), part) for source, part in pairs if part > 0]
        return ExplainedItem(view, explanation.score, reasons[:k])

    def popular(self, k: int = 20, offset: int = 0, filters: Filters = ALL) -> list[ScoredItem]:
        """Return the items that most people like; the score is their number."""
        n = check_page(k, offset)
        ids, scores = self._by_popularity.best(n, **self._lists(filters))
        return self._scored(ids[offset:], scores[offset:])

    def diverse(self, k: int = 20) -> list[ScoredItem]:
        """Return popular items that differ from each other, for visitors without a history."""
        ids, scores = self._by_popularity.best(min(MAX_RESULTS, 20 * k), **self._lists(ALL))
        if not self.has_item_vectors:
            return self._scored(ids[:k], scores[:k])
        order = rerank(np.sqrt(scores), item_vectors(self.likes, ids), k, 0.7).tolist()
        return self._scored([ids[i] for i in order], [scores[i] for i in order])

    def search(self, text: str, k: int = 10) -> list[ItemView]:
        """Return the items whose names match a text best, with typing errors corrected."""
        hidden, (renamed, index) = self.views.hidden, self._renamed
        limit = min(MAX_RESULTS, check_int("k", k, 1, MAX_RESULTS) + len(hidden) + len(renamed))
        ids = index.find(text, limit)
        ids += [item for item in self.names.find(text, limit) if item not in renamed]
        return [self.views.view(item) for item in ids if item not in hidden][:k]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """int64, shape (n_items,): how many people like each item."""
        return self._by_popularity.counts

    @property
    def names(self) -> NameIndex:
        """Return the name index; the first use builds it."""
        return self.index_names()

    def summary(self) -> list[dict[str, Any]]:
        """Return role, kind, settings, data, metrics and training of each model, for JSON."""
        return [
            _summary(role, self.models[role], self._descriptions.get(role, {}))
            for role in ROLES
            if role in self.models
        ]

    def _model(self, role: Role) -> Model:
        check_choice("role", role, ROLES)
        if role not in self.models:
            raise UnsupportedError(
                f"this service has no {role} model; it has: {', '.join(self.models)}"
            )
        return self.models[role]

    def _scored(self, ids: Sequence[Id], scores: Sequence[float]) -> list[ScoredItem]:
        view = self.views.view
        return [ScoredItem(view(item), score) for item, score in zip(ids, scores, strict=True)]

    def _lists(self, filters: Filters) -> Lists:
        return self._tags.lists(filters, self.views)

    @property
    def has_item_vectors(self) -> bool:
        """Whether the model has item vectors; the map and diverse lists need them."""
        return isinstance(self.likes, HasItemVectors)


def _summary(role: Role, model: Model, description: Mapping[str, Any]) -> dict[str, Any]:
    info = description.get("info", {})
    return {
        "role": role,
        "kind": model.kind,
        "settings": description.get("settings", model.settings),
        "users": len(model.users),
        "items": len(model.items),
        "interactions": n_interactions(model._trained_on),
        "kept_interactions": model.kept_interactions,
        "data": info.get("data", {}),
        "metrics": info.get("metrics", {}),
        "training": info.get("training", []),
        "created": description.get("created", ""),
        "penchant_version": description.get("penchant_version", ""),
        "bytes": description.get("bytes", 0),
    }


def _unknown(item: Id) -> UnknownIdError:
    """Return the error without close matches, which are slow to find in large catalogs."""
    return UnknownIdError(f"unknown item {item!r}: search finds items by name")


def _index_renamed(
    overrides: Mapping[Id, Override], items: IdMap
) -> tuple[Collection[Id], NameIndex]:
    """Return the items whose names are overridden, and an index of these names."""
    names = {
        item: override.name
        for item, override in overrides.items()
        if override.name and item in items
    }
    return names.keys(), NameIndex(Catalog(IdMap(names), names=list(names.values())))
