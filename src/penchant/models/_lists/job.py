"""What a run writes: which lists, of whom, with which limits; and how many to a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penchant.models._arguments import ItemLists, as_list
from penchant.models._scoring.topk import Metric

What = Literal["recommendations", "similar", "factors"]

_MOST = 1_000_000  # answers in a file, about
_LEAST = 1_000  # queries in a file
_FILES = 64  # of a small run: enough for all workers to be busy to the end


@dataclass(frozen=True, eq=False)
class Job:
    """The settings of a run.

    Attributes
    ----------
    what
        ``"recommendations"`` of users, ``"similar"`` items of items, or the ``"factors"`` of users.
    k, exclude_seen, metric, allow, deny
        As for the model's methods.
    per_file
        The number of users or items in a file; 0: it follows from their number and k.
    from_histories
        Whether the users are those of histories that were handed over, not the model's.
    """

    what: What = "recommendations"
    k: int = 10
    exclude_seen: bool = True
    metric: Metric = "cosine"
    allow: ItemLists | None = None
    deny: ItemLists | None = None
    per_file: int = 0
    from_histories: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON."""
        limits = {"allow": _plain(self.allow), "deny": _plain(self.deny)}
        return {**vars(self), **limits}

    @classmethod
    def from_json(cls, settings: dict[str, Any]) -> Job:
        """Return the settings of :meth:`to_json`."""
        limits = {name: _lists(settings[name]) for name in ("allow", "deny")}
        return cls(**{**settings, **limits})

    def identity(self) -> str:
        """Return the settings as a text, the same for lists in another order."""
        settings = self.to_json()
        for name in ("allow", "deny"):
            settings[name] = _sorted(settings[name])
        return json.dumps(settings, sort_keys=True)


def default_per_file(n_queries: int, k: int) -> int:
    """Return the number of queries in a file; it follows from the data and k alone."""
    most = max(1, _MOST // k)
    return min(most, max(min(_LEAST, most), -(-n_queries // _FILES)))


def _plain(lists: ItemLists | None) -> Any:
    if isinstance(lists, Mapping):
        return {"of": [[query, as_list(items)] for query, items in lists.items()]}
    return None if lists is None else as_list(lists)


def _lists(plain: Any) -> ItemLists | None:
    if isinstance(plain, dict):
        return dict(plain["of"])
    lists: list[Any] | None = plain
    return lists


def _sorted(plain: Any) -> Any:
    if isinstance(plain, dict):
        return sorted([repr(query), _sorted(items)] for query, items in plain["of"])
    return None if plain is None else sorted(set(map(repr, plain)))
