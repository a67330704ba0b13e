"""Synthetic interactions of a given size: long-tailed popularity and tastes of low rank.

Every item belongs to a topic and every visitor cares for a few of them, so that factors have
something to find; within a topic popularity falls by a power law, as it does in real logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

ITEMS_PER_TOPIC = 4  # times the root of the number of items
CARED_FOR = 5  # topics of a user
OFF_TOPIC = 0.25  # share of a user's items of any topic
EXPONENT = 1.0  # of popularity within a topic
FLATTENED = 3  # first ranks, of about equal popularity
ROUNDS = 8  # of drawing again after duplicates


@dataclass(frozen=True)
class Shape:
    """The size and the shape of the data.

    Attributes
    ----------
    n_users, n_items, nnz
        The size; users get nnz / n_users items in the mean.
    least_per_user, least_per_item
        Every user and item has about this many at least.
    spread
        Standard deviation of the logarithm of how many items a user has; 0: all the same.
    plays
        Whether values are play counts rather than 1.
    """

    n_users: int
    n_items: int
    nnz: int
    least_per_user: int = 5
    least_per_item: int = 1
    spread: float = 1.0
    plays: bool = False


def make(shape: Shape, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    """Rows: indptr int64, indices int32 sorted within a row, values float32."""
    rng = np.random.default_rng(seed)
    items = _Items(shape, rng)
    wanted = _counts(shape, rng)
    topics = items.draw_topics((shape.n_users, CARED_FOR), rng)
    share = np.cumsum(rng.dirichlet(np.full(CARED_FOR, 0.7), shape.n_users), axis=1)
    keys = _seeded(shape, topics[:, 0], items.topic, rng)
    for _ in range(ROUNDS):
        have = np.bincount(keys // shape.n_items, minlength=shape.n_users)
        missing = np.maximum(wanted - have, 0)
        if missing.sum() <= shape.nnz // 1000:
            break
        user = np.repeat(np.arange(shape.n_users), missing + missing // 4)
        item = items.draw(_topic_of_each(user, topics, share, rng), rng)
        drawn = np.unique(user * np.int64(shape.n_items) + item)
        keys = np.union1d(keys, _at_most(drawn, keys, missing, shape.n_items, rng))
    user, item = np.divmod(keys, shape.n_items)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=shape.n_users))])
    plays = rng.lognormal(3.5, 1.4, len(keys)).astype(np.int64) + 1
    values = plays if shape.plays else np.ones(len(keys))
    return {
        "indptr": indptr.astype(np.int64),
        "indices": item.astype(np.int32),
        "values": values.astype(np.float32),
    }


class _Items:
    """Items by topic, and draws from them."""

    def __init__(self, shape: Shape, rng: np.random.Generator) -> None:
        n_topics = max(1, round(shape.n_items**0.5 / ITEMS_PER_TOPIC))
        size = rng.lognormal(0, 0.7, n_topics)
        self.topic: Ints = rng.choice(n_topics, shape.n_items, p=size / size.sum())
        self._by_topic = np.argsort(self.topic, kind="stable")
        counts = np.bincount(self.topic, minlength=n_topics)
        self._first = np.cumsum(counts) - counts
        rank = np.arange(shape.n_items) - self._first[self.topic[self._by_topic]]
        weight = (rank + FLATTENED) ** -EXPONENT
        total = np.bincount(self.topic[self._by_topic], weights=weight, minlength=n_topics)
        self._cumulated = np.cumsum(weight)
        self._begin = np.concatenate([[0], np.cumsum(total)])
        self._topic_cumulated = np.cumsum(total**0.8) / (total**0.8).sum()

    def draw_topics(self, size: tuple[int, ...] | int, rng: np.random.Generator) -> Ints:
        drawn: Ints = np.searchsorted(self._topic_cumulated, rng.random(size))
        return np.minimum(drawn, len(self._topic_cumulated) - 1)

    def draw(self, topic: Ints, rng: np.random.Generator) -> Ints:
        """Draw an item of each topic, or of any topic, by inversion of the distribution."""
        begin, end = self._begin[topic], self._begin[topic + 1]
        anything = rng.random(len(topic)) < OFF_TOPIC
        begin, end = np.where(anything, 0, begin), np.where(anything, self._begin[-1], end)
        place = np.searchsorted(self._cumulated, begin + rng.random(len(topic)) * (end - begin))
        drawn: Ints = self._by_topic[np.minimum(place, len(self._by_topic) - 1)]
        return drawn


def _counts(shape: Shape, rng: np.random.Generator) -> Ints:
    """Draw the number of items of each user: log-normal, about nnz in total."""
    most = max(shape.n_items // 4, shape.least_per_user)
    raw = np.exp(shape.spread * rng.standard_normal(shape.n_users))
    extra = raw * (shape.nnz - shape.least_per_user * shape.n_users) / raw.sum()
    return np.minimum(shape.least_per_user + np.rint(extra).astype(np.int64), most)


def _seeded(shape: Shape, favorite: Ints, topic: Ints, rng: np.random.Generator) -> Ints:
    """Give every item a few users whose favorite topic is the item's."""
    order = np.argsort(favorite, kind="stable")
    counts = np.bincount(favorite, minlength=topic.max() + 1)
    first = np.cumsum(counts) - counts
    item = np.repeat(np.arange(shape.n_items), shape.least_per_item)
    theirs = counts[topic[item]]
    place = first[topic[item]] + (rng.random(len(item)) * theirs).astype(np.int64)
    user = np.where(theirs > 0, order[np.minimum(place, shape.n_users - 1)], 0)
    return np.unique(user * np.int64(shape.n_items) + item)


def _topic_of_each(
    user: Ints, topics: Ints, share: npt.NDArray[np.float64], rng: np.random.Generator
) -> Ints:
    u = rng.random(len(user))
    which = np.zeros(len(user), dtype=np.int8)
    for column in range(share.shape[1] - 1):
        which += u > share[user, column]
    return topics[user, which]


def _at_most(drawn: Ints, had: Ints, missing: Ints, n_items: int, rng: np.random.Generator) -> Ints:
    """Choose at random at most ``missing`` new items of each user from the sorted ``drawn``."""
    place = np.minimum(np.searchsorted(had, drawn), len(had) - 1)
    new = drawn[had[place] != drawn] if len(had) else drawn
    user = new // n_items
    shuffled = np.argsort(user + rng.random(len(new)), kind="stable")
    counts = np.bincount(user, minlength=len(missing))
    rank = np.arange(len(new)) - (np.cumsum(counts) - counts)[user]
    return np.sort(new[shuffled[rank < missing[user]]])
