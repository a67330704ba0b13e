"""Recommendations: ranked lists of items, users or tags, as tables, text and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.errors import DataError, UnknownIdError
from penchant.rendering import cards
from penchant.rendering.cards import Card, NameCell
from penchant.rendering.markup import Markup
from penchant.rendering.plain import decimals, more, plain, table
from penchant.results import frames
from penchant.results._items import (
    MAX_ROWS,
    has_field,
    item_fields,
    item_name,
    plain_id,
    plain_ids,
)

Kind = Literal["user", "item", "history", "tag"]
AnswerKind = Literal["user", "item", "tag"]

_MAX_LISTS = 5  # the number of lists that are printed


class Row(NamedTuple):
    """One answer to one query."""

    query: Id
    rank: int
    id: Id
    name: str
    score: float


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Recommendations(frames.Tabular):
    """Ranked answers to one or more queries; immutable.

    Its length is the number of all answers; iterating yields a :class:`Row` for each, and
    ``recommendations[0]`` is the first. It prints as a table, and shows thumbnails in a notebook.

    Attributes
    ----------
    queries
        The query of each list: outside ids; ``history`` queries are numbered 0, 1, ….
    query_kind
        The kind of the queries: ``"user"``, ``"item"``, ``"history"`` or ``"tag"``.
    answer_kind
        The kind of the answers: ``"item"``, ``"user"`` or ``"tag"``.
    offsets
        int64, shape (n_queries + 1,): list q is the rows ``offsets[q]:offsets[q + 1]``.
    ids
        The answers' outside ids, best first within a list.
    scores
        float32, sorted from high to low within a list.
    catalog
        Names, links and pictures of the items, or None.
    sources
        The model that answered each query, if there are several (:class:`penchant.Blend`); or None.

    Raises
    ------
    DataError
        If the lengths of the parts don't match.
    """

    queries: Sequence[Id]
    query_kind: Kind
    answer_kind: AnswerKind
    offsets: npt.NDArray[np.int64]
    ids: Sequence[Id]
    scores: npt.NDArray[np.float32]
    catalog: Catalog | None = None
    sources: Sequence[str] | None = None

    def __post_init__(self) -> None:
        fits = len(self.offsets) == len(self.queries) + 1 and self.offsets[0] == 0
        if self.sources is not None and len(self.sources) != len(self.queries):
            raise DataError(f"{len(self.sources):,} sources for {len(self.queries):,} queries")
        if not fits or not self.offsets[-1] == len(self.ids) == len(self.scores):
            raise DataError(
                f"{len(self.queries):,} queries with {len(self.ids):,} ids and "
                f"{len(self.scores):,} scores don't fit offsets of length {len(self.offsets):,}"
            )
        self.offsets.setflags(write=False)
        self.scores.setflags(write=False)

    # --- rows -------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Row]:
        for at, query in enumerate(plain_ids(self.queries)):
            yield from self._rows(at, query)

    @overload
    def __getitem__(self, place: SupportsIndex) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Row | list[Row]:
        """Return an answer by its place among all, or a list of answers; see :meth:`for_`."""
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        number = int(np.searchsorted(self.offsets, at, side="right")) - 1
        answer = plain_id(self.ids[at])
        query, rank = plain_id(self.queries[number]), at - int(self.offsets[number]) + 1
        return Row(query, rank, answer, self.name(answer), float(self.scores[at]))

    def _rows(self, at: int, query: Id) -> Iterator[Row]:
        span = self._span(at)
        answers = zip(plain_ids(self.ids[span]), self.scores[span].tolist(), strict=True)
        for rank, (answer, score) in enumerate(answers, start=1):
            yield Row(query, rank, answer, self.name(answer), score)

    def _span(self, at: int) -> slice:
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def name(self, answer: Id) -> str:
        """Return the name of an answer in the catalog, or its id as text."""
        return item_name(self.catalog, answer) if self.answer_kind == "item" else str(answer)

    @property
    def names(self) -> list[str]:
        """The name of each answer."""
        return [self.name(answer) for answer in plain_ids(self.ids)]

    @property
    def ranks(self) -> npt.NDArray[np.int64]:
        """int64, shape (len,): the rank of each answer in its list, from 1."""
        counts = np.diff(self.offsets)
        return np.arange(1, len(self) + 1) - np.repeat(self.offsets[:-1], counts)

    def for_(self, query: Id) -> Recommendations:
        """Return the answers to one query.

        Raises
        ------
        UnknownIdError
            If ``query`` is not among the queries.
        """
        key = plain_id(query)
        at = self._place_of.get(query) if type(key) in (str, int) else None  # True is not id 1
        if at is None:
            some = ", ".join(map(repr, plain_ids(self.queries[:3])))
            raise UnknownIdError(
                f"{self.query_kind} {query!r} is not among the {len(self.queries):,} queries: "
                f"{some}{', …' if len(self.queries) > 3 else ''}"
            )
        return self._part(at)

    @cached_property
    def _place_of(self) -> dict[Id, int]:
        numbered = list(enumerate(plain_ids(self.queries)))
        return {query: at for at, query in reversed(numbered)}  # the first of duplicates

    def _part(self, at: int) -> Recommendations:
        span = self._span(at)
        return dataclasses.replace(
            self,
            queries=self.queries[at : at + 1],
            offsets=np.array([0, span.stop - span.start]),
            ids=self.ids[span],
            scores=self.scores[span],
            sources=None if self.sources is None else self.sources[at : at + 1],
        )

    def with_scaled_scores(self) -> Recommendations:
        """Return the same answers with scores scaled to 0 (the last of a list) … 1 (the first).

        Each list is scaled separately, ``(score − lowest) / (highest − lowest)``; if all scores of
        a list are equal, they become 1.
        """
        counts = np.diff(self.offsets)
        starts = self.offsets[:-1][counts > 0]
        scores = self.scores.astype(np.float64)
        if len(starts):
            low, high = (
                np.repeat(function.reduceat(scores, starts), counts[counts > 0])
                for function in (np.minimum, np.maximum)
            )
            flat = high == low
            scores = np.where(flat, 1.0, (scores - low) / np.where(flat, 1.0, high - low))
        return dataclasses.replace(self, scores=scores.astype(np.float32))

    # --- frames -----------------------------------------------------------------

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the rows as columns, from which frames are built.

        The first has the ids of the queries and the name of their kind (``user``, ``item``,
        ``history`` or ``tag``); then come ``rank``, the answer's id (``item``, ``user`` or
        ``tag``, or ``similar_item`` and ``similar_user`` if the queries are of the same kind),
        ``name`` if the catalog has names, ``score``, and ``source`` if there are sources.
        """
        queries = frames.ids(self.queries)
        columns = {
            self.query_kind: np.repeat(queries, np.diff(self.offsets)),
            "rank": self.ranks,
            self._answer_column: frames.ids(self.ids),
        }
        if self._has_names:
            columns["name"] = frames.texts(self.names)
        columns["score"] = self.scores
        if self.sources is not None:
            columns["source"] = np.repeat(frames.texts(self.sources), np.diff(self.offsets))
        return columns

    @property
    def _answer_column(self) -> str:
        same = self.query_kind == self.answer_kind
        return f"similar_{self.answer_kind}" if same else self.answer_kind

    @property
    def _has_names(self) -> bool:
        return self.answer_kind == "item" and has_field(self.catalog, "names")

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the rows as a JSON list of objects."""
        return frames.to_json(self.to_dicts(), indent=indent)

    # --- text and pictures ------------------------------------------------------

    def __repr__(self) -> str:
        if not self.queries:
            return "no recommendations: there are no queries"
        blocks = [self._text(at, query) for at, query in self._first()]
        hidden = more(len(self.queries) - _MAX_LISTS, self._query_noun)
        return "\n\n".join([*blocks, *filter(None, [hidden])])

    def _first(self) -> list[tuple[int, Id]]:
        return list(enumerate(plain_ids(self.queries[:_MAX_LISTS])))

    @property
    def _query_noun(self) -> str:
        return self.query_kind if self.query_kind != "history" else "list"

    def _text(self, at: int, query: Id) -> str:
        rows = list(self._rows(at, query))
        title = plain(self._title(at))
        if not rows:
            return f"{title}\n  nothing to recommend"
        digits = decimals(row.score for row in rows)
        head = ["rank", self._answer_column, *(["name"] if self._has_names else []), "score"]
        body = [
            [
                str(row.rank),
                str(row.id),
                *([row.name] if self._has_names else []),
                f"{row.score:.{digits}f}",
            ]
            for row in rows[:MAX_ROWS]
        ]
        lines = table(head, body, right=(0, len(head) - 1)).splitlines()
        lines += filter(None, [more(len(rows) - MAX_ROWS, self.answer_kind)])
        return "\n".join([title, *(f"  {line}" for line in lines)])

    def _title(self, at: int) -> str:
        title = self._query_title(plain_id(self.queries[at]))
        return title if self.sources is None else f"{title}, by {self.sources[at]}"

    def _query_title(self, query: Id) -> str:
        if self.query_kind == "item":
            name = item_name(self.catalog, query)
            what = "like" if self.answer_kind == "item" else "tags for"
            return f"{what} {name}" + (f" ({query})" if name != str(query) else "")
        if self.query_kind == "user" and self.answer_kind == "user":
            return f"like user {query}"
        if self.query_kind == "history" and len(self.queries) == 1:
            return "for the history"
        return f"for {self.query_kind} {query}"

    def _repr_html_(self) -> str:
        parts: list[Markup] = []
        for at, _ in self._first():
            parts += [cards.heading(self._title(at)), self._html(at)]
        hidden = more(len(self.queries) - _MAX_LISTS, self._query_noun)
        return str(cards.fragment(*parts, cards.remark(hidden)))

    def to_html(self, at: int = 0) -> str:
        """Return the list of query number ``at``: cards with pictures, or a table without.

        The first card of similar items is the query. The cards need the styles
        ``penchant.rendering.cards.CSS`` inside an element of the class ``penchant``.
        """
        return str(self._html(at))

    def _html(self, at: int) -> Markup:
        query = plain_ids(self.queries[at : at + 1])[0]
        rows = list(self._rows(at, query))
        rest = cards.remark(more(len(rows) - MAX_ROWS, self.answer_kind))
        if not rows:
            return cards.remark("nothing to recommend")
        if self.answer_kind != "item" or not has_field(self.catalog, "pictures"):
            return self._html_table(rows[:MAX_ROWS]) + rest
        digits = decimals(row.score for row in rows)
        shown = [self._card(row.id, f"{row.score:.{digits}f}") for row in rows[:MAX_ROWS]]
        if self.query_kind == "item":
            shown.insert(0, dataclasses.replace(self._card(query, "input"), is_query=True))
        return cards.cards(shown) + rest

    def _card(self, item: Id, note: str) -> Card:
        return Card(*item_fields(self.catalog, item), note=note)

    def _html_table(self, rows: list[Row]) -> Markup:
        digits = decimals(row.score for row in rows)
        head = ["rank", self._answer_column.replace("_", " ")]
        head += ["name"] * self._has_names
        body: list[list[object]] = []
        for row in rows:
            cells: list[object] = [row.rank, NameCell(str(row.id))]
            if self._has_names:
                cells.append(NameCell(row.name, item_fields(self.catalog, row.id)[2]))
            body.append([*cells, f"{row.score:.{digits}f}"])
        return cards.table([*head, "score"], body, numeric={0, len(head)})
