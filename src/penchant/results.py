"""What the models answer: recommendations and explanations, as tables, text and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.errors import DataError, UnknownIdError
from penchant.rendering import cards, frames
from penchant.rendering.cards import Card, Reason
from penchant.rendering.markup import Markup, data_table, join, link, text
from penchant.rendering.plain import decimals, more, plain, table

Kind = Literal["user", "item", "history", "tag"]
AnswerKind = Literal["user", "item", "tag"]

_MAX_LISTS = 5  # how many lists are printed, and how long each
_MAX_ROWS = 20


class Row(NamedTuple):
    """One answer to one query."""

    query: Id
    rank: int
    id: Id
    name: str
    score: float


@dataclass(frozen=True, eq=False, repr=False)
class Recommendations(frames.Tabular):
    """Ranked answers to one or more queries; immutable.

    Its length is the number of all answers, and a loop over it gives a :class:`Row` for each.
    It prints as a table, and shows thumbnails in a notebook.

    Attributes
    ----------
    queries
        Whom or what each list is for: outside ids; ``history`` queries are numbered 0, 1, ….
    query_kind
        What the queries are: ``"user"``, ``"item"``, ``"history"`` or ``"tag"``.
    answer_kind
        What the answers are: ``"item"``, ``"user"`` or ``"tag"``.
    offsets
        int64, shape (n_queries + 1,): list q is the rows ``offsets[q]:offsets[q + 1]``.
    ids
        The answers' outside ids, best first within a list.
    scores
        float32, falling within a list.
    catalog
        Names, links and pictures of the items, or None.
    sources
        Who answered each query, where a model asks several (:class:`penchant.Blend`); else None.

    Raises
    ------
    DataError
        If the parts don't fit each other.
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
        for at, query in enumerate(_plain_ids(self.queries)):
            yield from self._rows(at, query)

    def _rows(self, at: int, query: Id) -> Iterator[Row]:
        span = self._span(at)
        answers = zip(_plain_ids(self.ids[span]), self.scores[span].tolist(), strict=True)
        for rank, (answer, score) in enumerate(answers, start=1):
            yield Row(query, rank, answer, self.name(answer), score)

    def _span(self, at: int) -> slice:
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def name(self, answer: Id) -> str:
        """What an answer is called: its name in the catalog, or its id as text."""
        return _item_name(self.catalog, answer) if self.answer_kind == "item" else str(answer)

    @property
    def names(self) -> list[str]:
        """The name of each answer."""
        return [self.name(answer) for answer in _plain_ids(self.ids)]

    @property
    def ranks(self) -> npt.NDArray[np.int64]:
        """int64, shape (len,): the place of each answer in its list, from 1."""
        counts = np.diff(self.offsets)
        return np.arange(1, len(self) + 1) - np.repeat(self.offsets[:-1], counts)

    def for_(self, query: Id) -> Recommendations:
        """The answers to one query.

        Raises
        ------
        UnknownIdError
            If it is not one of the queries.
        """
        asked = _plain_id(query)  # True is no 1, and a list no key
        at = self._place_of.get(query) if type(asked) in (str, int) else None
        if at is None:
            some = ", ".join(repr(one) for one in _plain_ids(self.queries[:3]))
            raise UnknownIdError(
                f"{self.query_kind} {query!r} is not among the {len(self.queries):,} that were "
                f"asked for: {some}{', …' if len(self.queries) > 3 else ''}"
            )
        return self._part(at)

    @cached_property
    def _place_of(self) -> dict[Id, int]:
        numbered = list(enumerate(_plain_ids(self.queries)))
        return {query: at for at, query in reversed(numbered)}  # the first of several

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
        """The same answers with scores from 0 (the last of a list) to 1 (the first).

        Each list is scaled by itself, ``(score − lowest) / (highest − lowest)``; where all scores
        of a list are equal, they become 1.
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
        """The rows as columns: what every frame is made of.

        The first bears the kind of query (``user``, ``item``, ``history`` or ``tag``) and holds
        its id; then come ``rank``, the answer's id (``item``, ``user`` or ``tag``, or
        ``similar_item`` and ``similar_user`` where the queries are of the same kind), ``name`` if
        names are known, ``score``, and ``source`` if there are sources.
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
        return self.answer_kind == "item" and _knows(self.catalog, "names")

    def to_json(self, *, indent: int | None = None) -> str:
        """The rows as a JSON list of objects."""
        return frames.to_json(self.to_dicts(), indent=indent)

    # --- text and pictures ------------------------------------------------------

    def __repr__(self) -> str:
        if not self.queries:
            return "no recommendations: nobody was asked for"
        blocks = [self._text(at, query) for at, query in self._first()]
        hidden = more(len(self.queries) - _MAX_LISTS, self._query_noun)
        return "\n\n".join([*blocks, *filter(None, [hidden])])

    def _first(self) -> list[tuple[int, Id]]:
        return list(enumerate(_plain_ids(self.queries[:_MAX_LISTS])))

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
            for row in rows[:_MAX_ROWS]
        ]
        lines = table(head, body, right=(0, len(head) - 1)).splitlines()
        lines += filter(None, [more(len(rows) - _MAX_ROWS, self.answer_kind)])
        return "\n".join([title, *(f"  {line}" for line in lines)])

    def _title(self, at: int) -> str:
        told = self._asked(_plain_id(self.queries[at]))
        return told if self.sources is None else f"{told}, by {self.sources[at]}"

    def _asked(self, query: Id) -> str:
        if self.query_kind == "item":
            name = _item_name(self.catalog, query)
            what = "like" if self.answer_kind == "item" else "tags for"
            return f"{what} {name}" + (f" ({query})" if name != str(query) else "")
        if self.query_kind == "user" and self.answer_kind == "user":
            return f"like user {query}"
        return f"for {self.query_kind} {query}"

    def _repr_html_(self) -> str:
        parts: list[Markup] = []
        for at, _ in self._first():
            parts += [cards.heading(self._title(at)), self.to_html(at)]
        hidden = more(len(self.queries) - _MAX_LISTS, self._query_noun)
        return cards.fragment(*parts, cards.remark(hidden))

    def to_html(self, at: int = 0) -> Markup:
        """The list of query number ``at``: cards with pictures, or a table if none are known.

        The input of a search for similar items is the first card. The cards need the rules in
        ``penchant.rendering.cards.CSS`` inside an element of the class ``penchant``.
        """
        query = _plain_ids(self.queries[at : at + 1])[0]
        rows = list(self._rows(at, query))
        rest = cards.remark(more(len(rows) - _MAX_ROWS, self.answer_kind))
        if not rows:
            return cards.remark("nothing to recommend")
        if self.answer_kind != "item" or not _knows(self.catalog, "pictures"):
            return join(self._html_table(rows[:_MAX_ROWS]), rest)
        digits = decimals(row.score for row in rows)
        shown = [self._card(row.id, f"{row.score:.{digits}f}") for row in rows[:_MAX_ROWS]]
        if self.query_kind == "item":
            shown.insert(0, dataclasses.replace(self._card(query, "input"), is_input=True))
        return join(cards.cards(shown), rest)

    def _card(self, item: Id, note: str) -> Card:
        return Card(*_looks(self.catalog, item), note=note)

    def _html_table(self, rows: list[Row]) -> Markup:
        digits = decimals(row.score for row in rows)
        head = ["rank", self._answer_column.replace("_", " ")]
        head += ["name"] * self._has_names
        body: list[list[object]] = []
        for row in rows:
            cells: list[object] = [row.rank, text(row.id)]
            if self._has_names:
                cells.append(link(_looks(self.catalog, row.id)[2], text(row.name)))
            body.append([*cells, f"{row.score:.{digits}f}"])
        return data_table([*head, "score"], body, numbers={0, len(head)})


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(frames.Tabular):
    """Why a user got an item: what each item of their past adds to the score.

    Its length is the number of past items. It prints as a table, and shows thumbnails in a
    notebook.

    Attributes
    ----------
    user, item
        Outside ids; the user is None for a history.
    score
        The score of the item, which the contributions add up to.
    ids
        The items of the past, the largest contribution first.
    contributions
        float64, one each.
    catalog
        Names, links and pictures of the items, or None.

    Raises
    ------
    DataError
        If there is not one contribution for each item.
    """

    user: Id | None
    item: Id
    score: float
    ids: Sequence[Id]
    contributions: npt.NDArray[np.float64]
    catalog: Catalog | None = None

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.contributions):
            raise DataError(
                f"{len(self.ids):,} items with {len(self.contributions):,} contributions"
            )
        self.contributions.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> list[str]:
        """The name of each past item."""
        return [_item_name(self.catalog, item) for item in _plain_ids(self.ids)]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """float64: each contribution over the sum of their sizes.

        The sizes of the shares add up to 1; a negative one spoke against the item.
        """
        total = np.abs(self.contributions).sum()
        return self.contributions / total if total > 0 else np.zeros(len(self))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The past items as columns: item, name if names are known, contribution, share."""
        columns = {"item": frames.ids(self.ids)}
        if _knows(self.catalog, "names"):
            columns["name"] = frames.texts(self.names)
        return columns | {"contribution": self.contributions, "share": self.shares}

    def to_json(self, *, indent: int | None = None) -> str:
        """User, item, score and the past items ("because") as a JSON object."""
        user, item = _plain_id(self.user), _plain_id(self.item)
        told = {"user": user, "item": item, "score": float(self.score)}
        return frames.to_json({**told, "because": self.to_dicts()}, indent=indent)

    def __repr__(self) -> str:
        if not len(self):
            return f"{plain(self._title)}\n  nothing in the past speaks for it or against it"
        digits = self._digits
        body = [
            [name, f"{added:+.{digits}f}", f"{share:.0%}"]
            for name, added, share in self._told(_MAX_ROWS)
        ]
        hidden = self.contributions[_MAX_ROWS:]
        if len(hidden):
            rest = more(len(hidden), "item")
            share = self.shares[_MAX_ROWS:].sum()
            body.append([rest, f"{hidden.sum():+.{digits}f}", f"{share:.0%}"])
        body.append(["sum", f"{self.contributions.sum():.{digits}f}", ""])
        lines = table(["because of", "adds", "share"], body, right=(1, 2)).splitlines()
        return "\n".join([plain(self._title), *(f"  {line}" for line in lines)])

    def _told(self, n: int) -> list[tuple[str, float, float]]:
        numbers = (self.contributions[:n].tolist(), self.shares[:n].tolist())
        return list(zip(self.names[:n], *numbers, strict=True))

    @property
    def _digits(self) -> int:
        return decimals([self.score, *self.contributions.tolist()])

    @property
    def _title(self) -> str:
        whom = "this history" if self.user is None else f"user {self.user}"
        name = _item_name(self.catalog, self.item)
        return f"{name} for {whom}: score {self.score:.{self._digits}f}"

    def _repr_html_(self) -> str:
        return cards.fragment(cards.heading(self._title), self.to_html())

    def to_html(self, limit: int = 10) -> Markup:
        """The first ``limit`` past items with bars as long as their shares."""
        digits = self._digits
        shown = [
            Reason(
                *_looks(self.catalog, item),
                share=share,
                note=f"{added:+.{digits}f} · {share:.0%}",
            )
            for item, (_, added, share) in zip(self.ids, self._told(limit), strict=False)
        ]
        rest = self.contributions[limit:]
        line = more(len(rest), "item")
        if line:
            line += f", together {rest.sum():+.{digits}f}"
        return join(cards.reasons(shown), cards.remark(line))


def _plain_ids(ids: Sequence[Id]) -> list[Id]:
    """Ids as Python's own strings and integers, whatever held them."""
    if isinstance(ids, np.ndarray):
        found: list[Id] = ids.tolist()
        return found
    return [_plain_id(one) for one in ids]


def _plain_id(one: Any) -> Any:
    return one.item() if isinstance(one, np.generic) else one


def _knows(catalog: Catalog | None, field: str) -> bool:
    return catalog is not None and getattr(catalog, field) is not None


def _item_name(catalog: Catalog | None, item: Id) -> str:
    return str(item) if catalog is None else catalog.name(item)


def _looks(catalog: Catalog | None, item: Id) -> tuple[str, str, str]:
    """Name, picture and link of an item."""
    if catalog is None:
        return str(item), "", ""
    return catalog.name(item), catalog.picture(item), catalog.link(item)
