"""From a request to an answer: the users, the candidate items, and the best of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant.data.catalog import Catalog
from penchant.data.ids import Id, IdMap
from penchant.data.interactions import Csr, histories_to_csr
from penchant.errors import SettingsError, UnknownIdError, UnsupportedError
from penchant.models._arguments import allow_rows, as_histories, as_list, exclude_rows
from penchant.models._finite import check_scores
from penchant.models._outline import Outline, not_kept
from penchant.models._request import RecommendRequest, SimilarRequest
from penchant.models._scores import People, Scoring
from penchant.models._scoring.scorers import Scorer, TopK
from penchant.models._scoring.topk import check_metric, diagonal, top_k
from penchant.models.cold_start import (
    ColdStartModel,
    as_feature_rows,
    empty_rows,
    named,
    new_histories,
    new_ids,
)
from penchant.results import Explanation, Recommendations

if TYPE_CHECKING:
    from penchant.models._arguments import History


_OR_HISTORY = "pass history= in place of the user"


class Candidates(NamedTuple):
    """The items of a request.

    Attributes
    ----------
    ids
        The items to rank, in the order of the scorer's.
    seen
        The items in the history of each query.
    catalog
        Their names and pictures, or None.
    """

    ids: IdMap
    seen: Csr
    catalog: Catalog | None


def answer(model: Scoring, request: RecommendRequest) -> Recommendations:
    """Answer a request for recommendations, for users and of items that are known or new.

    Raises
    ------
    UnsupportedError
        If the request has features and the model takes none.
    """
    if hasattr(request.k, "tocsr"):  # implicit's recommend(user, user_items)
        raise SettingsError(
            "recommend takes no matrix: the histories of its users are in the model, and k is the "
            "length of the list, as in recommend(user, k=10)"
        )
    if request.user_features is None and request.item_features is None:
        people = model._people(request.users, request.history)
        candidates = Candidates(model.items, people.rows, model.catalog)
        scorer = model._scorer(people.rows, people.codes)
        return recommendations(model, request, people, candidates, scorer)
    if not isinstance(model, ColdStartModel):
        raise UnsupportedError(f"{type(model).__name__} takes no features of new users or items")
    data, user_features, items = model._trained_on, None, None
    if request.user_features is None:
        people = model._people(request.users, request.history)
    else:
        user_features = as_feature_rows(request.user_features, data.user_features)
        n = len(user_features)
        people = People(list(range(n)), new_histories(data, request, n), None)
    candidates = Candidates(model.items, people.rows, model.catalog)
    if request.item_features is not None:
        ids = new_ids(request.item_features)
        items = [named(row, data.item_features) for row in request.item_features.values()]
        candidates = Candidates(ids, empty_rows(people.rows, len(ids)), None)
    scorer = model._scorer_of_new(people.rows, people.codes, user_features, items)
    return recommendations(model, request, people, candidates, scorer)


def recommendations(
    model: Scoring,
    request: RecommendRequest,
    people: People,
    candidates: Candidates,
    scorer: Scorer,
) -> Recommendations:
    """Return the best candidates of each query."""
    if request.exclude_seen and request.item_features is None:
        _check_seen(model, people)
    scorer.may_build = request.may_build
    ids, queries = candidates.ids, people.queries
    top = top_k(
        scorer,
        checks.check_int("k", request.k, 1),
        exclude_rows(candidates.seen if request.exclude_seen else None, request.deny, queries, ids),
        allow_rows(request.allow, queries, ids),
    )
    check_scores(top.scores, model._trained_on)
    answer = Recommendations(
        queries=queries,
        query_kind="history" if people.codes is None else "user",
        answer_kind="item",
        offsets=top.indptr,
        ids=ids.array.take(top.indices).tolist(),
        scores=top.scores,
        catalog=candidates.catalog,
        sources=scorer.sources,
    )
    return answer.with_scaled_scores() if request.scale else answer


def similar_items(model: Scoring, request: SimilarRequest) -> Recommendations:
    """Return the items most similar to each item of a request."""
    codes = _item_codes(model, as_list(request.items))
    queries = model.items.array.take(codes).tolist()
    own = None if request.include_self else diagonal(codes, len(model.items))
    scorer = model._item_scorer(codes, check_metric(request.metric))
    scorer.may_build = request.may_build
    top = top_k(
        scorer,
        checks.check_int("k", request.k, 1),
        exclude_rows(own, request.deny, queries, model.items),
        allow_rows(request.allow, queries, model.items),
    )
    return as_answer(model, queries, "item", top, scorer.sources)


def _item_codes(model: Scoring, items: list[Any]) -> npt.NDArray[np.int32]:
    """Return the codes of items; the error for a name of the catalog says so."""
    try:
        return model.items.codes(items)
    except UnknownIdError as error:
        raise _named(model, error, items) from None


def _named(model: Scoring, error: UnknownIdError, items: Iterable[object]) -> UnknownIdError:
    """Return the error about an unknown item, or about the first one that is only a name."""
    for item in items:
        if model.catalog is None or not isinstance(item, str) or item in model.items:
            continue
        if ids := model.catalog.find(item):
            return UnknownIdError(
                f"unknown item {item!r}: it is the name of {ids[0]!r}; give ids, which "
                f"model.catalog.find({item!r}) returns"
            )
    return error


def as_answer(
    model: Scoring,
    queries: list[Id],
    kind: Literal["user", "item"],
    top: TopK,
    sources: Sequence[str] | None = None,
) -> Recommendations:
    """Return lists of items for items, or of users for users."""
    check_scores(top.scores, model._trained_on)
    names = model.items if kind == "item" else model.users
    return Recommendations(
        queries=queries,
        query_kind=kind,
        answer_kind=kind,
        offsets=top.indptr,
        ids=names.array.take(top.indices).tolist(),
        scores=top.scores,
        catalog=model.catalog,
        sources=sources,
    )


def people(
    model: Scoring, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
) -> People:
    """Return known users with their histories, or numbered histories of new users."""
    if (users is None) == (history is None):
        raise SettingsError("name users, or give a history, and not both")
    if history is None:
        assert users is not None
        try:
            codes = model.users.codes(as_list(users))
        except UnknownIdError as error:
            raise UnknownIdError(f"{error}; for a new person pass history=[…]") from None
        queries = model.users.array.take(codes).tolist()  # the ids, however they were written
        return People(queries, histories_of(model, codes), codes)
    histories = as_histories(history)
    try:
        rows = histories_to_csr(histories, model.items)
    except UnknownIdError as error:
        raise _named(model, error, [item for row in histories for item in row]) from None
    return People(list(range(rows.n_rows)), rows, None)


def histories_of(model: Scoring, codes: npt.NDArray[Any]) -> Csr:
    """Return the histories of users of the model, as far as it has them.

    Where only the seen items are kept, all values are 1; where nothing is, the rows are empty.
    Both are used to leave out seen items only, see :func:`_check_seen`.

    Raises
    ------
    UnsupportedError
        If the model computes scores from the histories and was saved without them.
    """
    data = model._trained_on
    if not isinstance(data, Outline):
        return data.csr.take_rows(codes)
    if model.uses_interactions != "seen":
        raise not_kept(
            data.kept,
            f"{type(model).__name__} computes the scores of a user from the history, which is not "
            "in the file",
            _OR_HISTORY,
        )
    return data.csr.take_rows(codes) if data.seen is None else data.seen.take_rows(codes)


def seen_items(model: Scoring, user: Id) -> list[Id]:
    """Return the items that a user of the model has seen; none if the model does not have them.

    Raises
    ------
    UnknownIdError
        If the user is unknown.
    """
    codes = model.users.codes([user])
    if model.kept_interactions == "none":
        return []
    items: list[Id] = model.items[histories_of(model, codes).indices].tolist()
    return items


def _check_seen(model: Scoring, people: People) -> None:
    """Refuse to leave out the seen items of users whose seen items are not known."""
    if people.codes is None or model.kept_interactions != "none" or not (people.codes >= 0).any():
        return
    raise not_kept(
        "none",
        "the items that its users have seen can't be left out",
        f"pass exclude_seen=False, and deny= for items to leave out; or {_OR_HISTORY}",
    )


def scores(model: Scoring, user: Id, items: Any) -> npt.NDArray[np.float32]:
    """Return a user's scores of some items."""
    codes = model.users.codes([user])
    wanted = model.items.codes(as_list(items))
    unique, where = np.unique(wanted, return_inverse=True)
    cells = Csr(
        np.array([0, len(unique)], dtype=np.int64),
        unique,
        np.ones(len(unique), dtype=np.float32),
        len(model.items),
    )
    rows = histories_of(model, codes)
    values = model._scorer(rows, codes).at(cells)[where]
    check_scores(values, model._trained_on)
    return values


def explanation(
    model: Scoring, user: Id | None, item: Id | None, history: History | None
) -> Explanation:
    """Return the contribution of each item of a history to the score of an item."""
    if item is None:
        raise SettingsError("explain which item? pass item=…")
    queries, row, codes = model._people(user, history)
    kept = model.kept_interactions
    if codes is not None and kept != "all":
        raise not_kept(
            kept,
            "the score of a user is explained by the values of the history, which are not in the "
            "file",
            _OR_HISTORY,
        )
    if len(queries) != 1:
        raise SettingsError(f"explain is for one user or one history, got {len(queries):,}")
    (code,) = _item_codes(model, [item]).tolist()
    parts = model._contributions(row, code)
    check_scores(parts, model._trained_on)
    order = np.argsort(-parts, kind="stable")
    return Explanation(
        user=None if codes is None else queries[0],
        item=model.items[code],
        score=float(parts.sum()),
        ids=model.items[row.indices[order]].tolist(),
        contributions=parts[order],
        catalog=model.catalog,
    )
