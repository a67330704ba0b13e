"""The lower bound of all models: a random order of the items for each user."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting, Threads
from penchant.data.ids import Id
from penchant.data.interactions import Csr, Interactions
from penchant.models._outline import Use
from penchant.models._scoring.scorers import BlockScorer, Scorer
from penchant.models.base import Metric, Model, OnEpoch

Keys = npt.NDArray[np.uint64]

_CELLS = 1 << 20  # scores at a time: the numbers of a block stay in the cache
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BITS = 24  # of a float32


@dataclass(kw_only=True, eq=False)
class Random(Model):
    """Give each user the items in a random order, which never changes: a lower bound.

    The score of an item is uniform in [0, 1), a keyed hash of the seed, the user's id and the
    item's id. So it depends neither on other users and items nor on the number of threads, and a
    later fit on more data leaves it as it is. A new user's order depends on the items of the
    history. Items without interactions are scored like all others.

    :meth:`similar_items` gives a random order for each item.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    seed: Annotated[int, Setting(min=0, help="Seed of the random scores.")] = 0
    threads: Threads = None

    kind: ClassVar[str] = "random"
    arrays: ClassVar[Mapping[str, ArraySpec]] = {"item_keys": ArraySpec("int64", ("n_items",))}

    def __post_init__(self) -> None:
        validate(self)

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Compute the key of each item; there are no epochs, so ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        self._interactions = data
        self._item_keys = self._keys_of("item", data.items)
        self._check_learned()
        return self

    @property
    def scores_cold_items(self) -> bool:
        """Whether items without interactions are scored; they are, as all others."""
        return True

    @property
    def uses_interactions(self) -> Use:
        """Scores depend on ids only."""
        return "seen"

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        return np.ones(rows.n_rows, dtype=np.bool_)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        if users is not None:
            return self._random(self._keys_of("user", self.users[users].tolist()))
        return self._random(self._keys_of_histories(rows))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        return self._random(mixed(self._item_keys[items] + _GOLDEN))

    def _random(self, queries: Keys) -> Scorer:
        """Return a scorer with one query for each key."""
        items = self._item_keys

        def block(span: slice) -> npt.NDArray[np.float32]:
            bits = mixed(queries[span, np.newaxis] ^ items) >> np.uint64(64 - _BITS)
            return np.ldexp(bits.astype(np.float32), -_BITS)

        batch = max(1, _CELLS // len(items))
        return BlockScorer(len(queries), len(items), block, batch=batch, threads=self.threads)

    def _keys_of(self, side: str, ids: Iterable[Id]) -> Keys:
        """Hash ids with the seed to 64 bits."""
        secret = f"{side} {self.seed}".encode()
        digests = (hashlib.blake2b(str(id_).encode(), key=secret, digest_size=8) for id_ in ids)
        return np.frombuffer(b"".join(digest.digest() for digest in digests), dtype="<u8").astype(
            np.uint64
        )

    def _keys_of_histories(self, rows: Csr) -> Keys:
        """Hash the items of each history, in any order, to 64 bits."""
        sums = np.concatenate([[np.uint64(0)], np.cumsum(mixed(self._item_keys[rows.indices]))])
        return mixed(sums[rows.indptr[1:]] - sums[rows.indptr[:-1]] + _GOLDEN)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"item_keys": self._item_keys.view(np.int64)}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._item_keys = arrays["item_keys"].view(np.uint64)


def mixed(x: Keys) -> Keys:
    """Mix the bits of numbers: the finalizer of splitmix64 (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
