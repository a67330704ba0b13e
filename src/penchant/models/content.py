"""Items like those that a person likes, by vectors of what the items are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.ids import Id
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, UnsupportedError
from penchant.models._arguments import ItemLists, allowed, excluded
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.similarity import inner, lengths, sparse, stored, unit
from penchant.models._scoring.topk import top_k
from penchant.models.base import Metric, OnEpoch
from penchant.models.cold_start import FeatureModel, Side, named
from penchant.models.ranking.examples import weights_of
from penchant.results import Recommendations

if TYPE_CHECKING:
    from penchant.models._scoring.similarity import Vectors

ItemVector = FeatureRow | npt.NDArray[Any]
"""What is known of an item: its vector, or the names of its features or name → weight."""


@dataclass(eq=False)
class Content(FeatureModel):
    """The items nearest to what a person likes, by vectors of pictures, texts or anything else.

    A person is the weighted sum of the vectors of their history, each divided by its length; an
    item's score is the cosine of its vector with that. Nobody else's likes come into it, so it
    has as much to say of an item that is new as of any other, and nothing (0) of one without a
    vector.

    Raises
    ------
    DataError
        If ``vectors`` are no features.
    SettingsError
        If a setting is out of its range.
    """

    vectors: InitVar[
        Annotated[
            Features | None,
            Setting(
                help="Features of items; None: the item features of the interactions.",
                details="As :func:`penchant.images.embed` and :func:`penchant.texts.embed` return "
                "them, or :meth:`penchant.Features.dense` makes them from ids and an array. Their "
                "items may be more or fewer than those of the interactions. They are saved with a "
                "fitted model, as those of its interactions.",
            ),
        ]
    ] = None
    _: KW_ONLY
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="How the items of a history weigh by the size of their values.",
            details='``"binary"``: all alike; ``"linear"``: by size; ``"log"``: by log(1 + size). '
            "Dislikes weigh below 0.",
        ),
    ] = "binary"
    threads: Annotated[
        int | None,
        Setting(
            min=1,
            help="Number of threads. Default: all cores this process may use.",
            details="The environment variable ``PENCHANT_THREADS`` sets another default.",
        ),
    ] = None

    kind: ClassVar[str] = "content"

    def __post_init__(self, vectors: Features | None) -> None:
        validate(self)
        if vectors is not None and not isinstance(vectors, Features):
            raise DataError(
                f"vectors are features of items, got {type(vectors).__name__}: of ids and an "
                "array penchant.Features.dense(ids, array) makes them"
            )
        self.vectors = vectors

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Line up the vectors with the items; nothing is learned, ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is no interactions, or there are no vectors.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        if self.vectors is not None:  # type: ignore[attr-defined]
            data = data.with_item_features(self.vectors)  # type: ignore[attr-defined]
        if data.item_features is None:
            raise DataError(
                f"Content needs vectors of items, and {data.name!r} has none: pass "
                "penchant.Content(vectors), or interactions.with_item_features(vectors)"
            )
        self._line_up(data)
        return self

    def _line_up(self, data: Interactions) -> None:
        assert data.item_features is not None
        rows = data.item_features.with_identity(False).normalized("l2").aligned(data.items)
        self._interactions, self._units = data, stored(rows)

    @property
    def scores_cold_items(self) -> bool:
        """Always: it goes by vectors alone."""
        return True

    @property
    def item_factors(self) -> Vectors:
        """The items' vectors, each of length one (or zero): (n_items, d), dense or sparse."""
        _ = self.interactions
        return self._units

    def similar_to(
        self,
        new: Mapping[Id, ItemVector],
        k: int = 10,
        *,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
    ) -> Recommendations:
        """The items most like others that were never seen.

        Parameters
        ----------
        new
            What to call each → its vector (an array of length d), or its features by name.
        k, allow, deny
            As for :meth:`similar_items`.

        Raises
        ------
        DataError
            If a vector is of another length, or holds what is no finite number.
        """
        if not isinstance(new, Mapping):
            raise DataError(f"new items are a mapping id → vector, got {type(new).__name__}")
        queries = list(new)
        top = top_k(
            self._inner(self._vectors_of_items(list(new.values())), self._units),
            checks.whole("k", k, 1),
            excluded(None, deny, queries, self.items),
            allowed(allow, queries, self.items),
        )
        return self._answer(queries, "item", "item", top)

    # --- the contract --------------------------------------------------------------

    def _goes_by_features_of(self, side: Side) -> bool:
        """People are known by what they like alone."""
        return side == "item"

    def _vectors_of_people(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Any:
        if features is not None:
            raise UnsupportedError(
                "Content knows people by what they like alone: it takes no features of users"
            )
        return unit(self._weighted(rows) @ self.item_factors)

    def _weighted(self, rows: Csr) -> Any:
        """Histories with the weights of their items, for SciPy."""
        weights = weights_of(rows, self.interactions.csr, self.confidence)
        return sparse(dataclasses.replace(rows, values=weights))

    def _vectors_of_items(self, features: Sequence[ItemVector] | None) -> Any:
        if features is None:
            return self.item_factors
        known = self._known.with_identity(False).normalized("l2")
        made = sparse(known.rows_of([self._named(one) for one in features]))
        return made.toarray() if isinstance(self._units, np.ndarray) else made

    def _named(self, row: ItemVector) -> FeatureRow:
        """A vector, of whole numbers too, as name → weight; rows of features as they are."""
        if isinstance(row, np.ndarray) and row.dtype.kind in "bui":
            row = row.astype(np.float64)
        return named(row, self._known)

    @property
    def _known(self) -> Features:
        features = self.interactions.item_features
        assert features is not None
        return features

    def _inner(self, queries: Any, items: Any) -> Scorer:
        return inner(queries, items, self.threads)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._inner(self._vectors_of_people(rows, users, None), self._units)

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """The cosine, whatever the metric asked for: the vectors are of length one."""
        return self._inner(self._units[items], self._units)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        weighted = self._weighted(row)
        length = lengths(weighted @ self._units)[0]
        alike = self._units[row.indices] @ self._units[[item]].T
        cosines = alike if isinstance(alike, np.ndarray) else alike.toarray()
        parts = weighted.data.astype(np.float64) * cosines.ravel()
        return parts / length if length > 0 else np.zeros_like(parts)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if self.interactions.item_features is None:
            raise ValueError("no vectors of items")
        self._line_up(self.interactions)
