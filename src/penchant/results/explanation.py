"""Explanations: the contribution of each past item to a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant._boundary import checked_methods
from penchant.data.catalog import Catalog
from penchant.data.ids import Id
from penchant.errors import DataError
from penchant.rendering import cards
from penchant.rendering.cards import Contribution
from penchant.rendering.markup import Markup
from penchant.rendering.plain import decimals, more, plain, table
from penchant.results import frames
from penchant.results._items import MAX_ROWS, has_field, item_fields, item_name, plain_id, plain_ids


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Explanation(frames.Tabular):
    """The explanation of a score: the contribution of each item of the user's history.

    Its length is the number of past items. It prints as a table, and shows thumbnails in a
    notebook.

    Attributes
    ----------
    user, item
        Outside ids; the user is None for a history.
    score
        The score of the item, the sum of the contributions.
    ids
        The past items, the largest contribution first.
    contributions
        float64, one for each past item.
    catalog
        Names, links and pictures of the items, or None.

    Raises
    ------
    DataError
        If the numbers of items and contributions differ.
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
        return [item_name(self.catalog, item) for item in plain_ids(self.ids)]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """float64: each contribution divided by the sum of absolute contributions.

        The absolute shares add up to 1; a negative share lowers the score.
        """
        total = np.abs(self.contributions).sum()
        return self.contributions / total if total > 0 else np.zeros(len(self))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns item, name (if the catalog has names), contribution, share."""
        columns = {"item": frames.ids(self.ids)}
        if has_field(self.catalog, "names"):
            columns["name"] = frames.texts(self.names)
        return columns | {"contribution": self.contributions, "share": self.shares}

    def to_json(self, *, indent: int | None = None) -> str:
        """Return user, item, score and the past items ("because") as a JSON object."""
        user, item = plain_id(self.user), plain_id(self.item)
        fields = {"user": user, "item": item, "score": float(self.score)}
        return frames.to_json({**fields, "because": self.to_dicts()}, indent=indent)

    def __repr__(self) -> str:
        if not len(self):
            return f"{plain(self._title)}\n  no past item contributes to the score"
        digits = self._digits
        body = [
            [name, f"{added:+.{digits}f}", f"{share:.0%}"]
            for name, added, share in self._first(MAX_ROWS)
        ]
        hidden = self.contributions[MAX_ROWS:]
        if len(hidden):
            rest = more(len(hidden), "item")
            share = self.shares[MAX_ROWS:].sum()
            body.append([rest, f"{hidden.sum():+.{digits}f}", f"{share:.0%}"])
        body.append(["sum", f"{self.contributions.sum():.{digits}f}", ""])
        lines = table(["because of", "adds", "share"], body, right=(1, 2)).splitlines()
        return "\n".join([plain(self._title), *(f"  {line}" for line in lines)])

    def _first(self, n: int) -> list[tuple[str, float, float]]:
        numbers = (self.contributions[:n].tolist(), self.shares[:n].tolist())
        return list(zip(self.names[:n], *numbers, strict=True))

    @property
    def _digits(self) -> int:
        return decimals([self.score, *self.contributions.tolist()])

    @property
    def _title(self) -> str:
        whom = "this history" if self.user is None else f"user {self.user}"
        name = item_name(self.catalog, self.item)
        return f"{name} for {whom}: score {self.score:.{self._digits}f}"

    def _repr_html_(self) -> str:
        return str(cards.fragment(cards.heading(self._title), self._html(10)))

    def to_html(self, limit: int = 10) -> str:
        """Return the first ``limit`` past items with bars of the length of their shares."""
        return str(self._html(limit))

    def _html(self, limit: int) -> Markup:
        digits = self._digits
        shown = [
            Contribution(
                *item_fields(self.catalog, item),
                share=share,
                note=f"{added:+.{digits}f} · {share:.0%}",
            )
            for item, (_, added, share) in zip(self.ids, self._first(limit), strict=False)
        ]
        rest = self.contributions[limit:]
        line = more(len(rest), "item")
        if line:
            line += f", together {rest.sum():+.{digits}f}"
        return cards.contributions(shown) + cards.remark(line)
