"""Content-based recommendations: items with vectors near those of the user's items."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.ids import Id
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, UnsupportedError
from penchant.models import _answering as answering
from penchant.models._arguments import ItemLists, allow_rows, exclude_rows
from penchant.models._inputs import recency_of
from penchant.models._outline import Use
from penchant.models._scoring.normalize import lengths, normalize_rows
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.similarity import inner_scorer, to_vectors
from penchant.models._scoring.topk import top_k
from penchant.models.base import Metric, Model, OnEpoch
from penchant.models.capabilities import Explains, HasItemVectors
from penchant.models.cold_start import Entity, FeatureModel, named
from penchant.models.ranking.examples import weights_of
from penchant.models.search import Search
from penchant.results import Recommendations

if TYPE_CHECKING:
    from penchant.models._scoring.normalize import Vectors

ItemVector = FeatureRow | npt.NDArray[Any]
"""An item's vector, or the names of its features, or name → weight."""


@dataclass(eq=False)
class Content(FeatureModel, Model, HasItemVectors, Explains):
    """Recommend the items nearest to a user's history, by vectors of pictures, texts or others.

    The vector of a user is the weighted sum of the vectors of the user's items, each divided by
    its length. The score of an item is the cosine of its vector and the user's. Interactions of
    other users have no influence, so new items are scored as any others. Items without a vector
    score 0.

    Raises
    ------
    DataError
        If ``vectors`` are not features.
    SettingsError
        If a setting is out of its range.
    """

    vectors: InitVar[
        Annotated[
            Features | None,
            Setting(
                help="Features of items; None: the item features of the interactions.",
                details="From :func:`penchant.images.embed`, :func:`penchant.texts.embed`, or "
                "from ids and an array by :meth:`penchant.Features.dense`. They may have more or "
                "fewer items than the interactions. They are saved with a fitted model, as the "
                "features of its interactions.",
            ),
        ]
    ] = None
    _: KW_ONLY
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="How the weight of an item of the history grows with its value.",
            details='``"binary"``: 1; ``"linear"``: its size; ``"log"``: log(1 + size). '
            "Dislikes have negative weights.",
        ),
    ] = "binary"
    half_life: HalfLife = None
    threads: Threads = None

    kind: ClassVar[str] = "content"
    search: ClassVar[Search] = Search(needs_features=True)

    def __post_init__(self, vectors: Features | None) -> None:
        validate(self)
        if vectors is not None and not isinstance(vectors, Features):
            raise DataError(
                f"vectors must be features of items, got {type(vectors).__name__}: make them "
                "from ids and an array by penchant.Features.dense(ids, array)"
            )
        self.vectors = vectors

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Align the vectors with the items; nothing is trained, ``on_epoch`` is not called.

        Raises
        ------
        DataError
            If it is not interactions, or there are no vectors.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        recency_of(self.half_life, data)  # an error now, not at the first request
        if self.vectors is not None:  # type: ignore[attr-defined]
            data = data.with_item_features(self.vectors)  # type: ignore[attr-defined]
        if data.item_features is None:
            raise DataError(
                f"Content needs vectors of items, and {data.name!r} has none: pass "
                "penchant.Content(vectors), or interactions.with_item_features(vectors)"
            )
        self._align(data)
        self._check_learned()
        return self

    def _align(self, data: Interactions) -> None:
        assert data.item_features is not None
        rows = data.item_features.with_identity(False).normalized("l2").aligned(data.items)
        self._interactions, self._normalized = data, to_vectors(rows)
        self._drop_indexes()

    @property
    def scores_cold_items(self) -> bool:
        """Always True, since scores depend on vectors only."""
        return True

    @property
    def item_factors(self) -> Vectors:
        """Shape (n_items, d), dense or sparse: the items' vectors, of length 1 or zero."""
        _ = self._trained_on
        return self._normalized

    def similar_to(
        self,
        new: Mapping[Id, ItemVector],
        k: int = 10,
        *,
        allow: ItemLists | None = None,
        deny: ItemLists | None = None,
    ) -> Recommendations:
        """Return the items most similar to new items.

        Parameters
        ----------
        new
            Id → vector (an array of length d), or features by name.
        k, allow, deny
            As for :meth:`similar_items`.

        Raises
        ------
        DataError
            If a vector is of another length, or a number is not finite.
        """
        if not isinstance(new, Mapping):
            raise DataError(f"new items are a mapping id → vector, got {type(new).__name__}")
        queries = list(new)
        top = top_k(
            self._user_vectors_scorer(self._vectors_of_items(list(new.values()))),
            checks.check_int("k", k, 1),
            exclude_rows(None, deny, queries, self.items),
            allow_rows(allow, queries, self.items),
        )
        return answering.as_answer(self, queries, "item", top)

    @property
    def uses_interactions(self) -> Use:
        """A history's values are compared with those of all others, unless they don't count."""
        return "histories" if self.confidence == "binary" and self.half_life is None else "all"

    # --- the contract --------------------------------------------------------------

    def _uses_features_of(self, entity: Entity) -> bool:
        """Users are described by their history only."""
        return entity == "item"

    def _vectors_of_users(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> Any:
        if features is not None:
            raise UnsupportedError(
                "Content describes users by their history only: it takes no features of users"
            )
        return normalize_rows(self._weighted(rows) @ self.item_factors)

    def _weighted(self, rows: Csr) -> Any:
        """Return histories with the weights of their items, as a SciPy matrix."""
        weights = weights_of(
            rows,
            self._trained_on.csr,  # all of them where values count, see uses_interactions
            self.confidence,
            recency_of(self.half_life, self._trained_on),
        )
        return dataclasses.replace(rows, values=weights).to_scipy()

    def _vectors_of_items(self, features: Sequence[ItemVector]) -> Any:
        fitted = self._features.with_identity(False).normalized("l2")
        vectors = fitted.rows_of([self._named(row) for row in features]).to_scipy()
        return vectors.toarray() if isinstance(self._normalized, np.ndarray) else vectors

    def _named(self, row: ItemVector) -> FeatureRow:
        """Return a vector (integers too) as name → weight; rows of features as they are."""
        if isinstance(row, np.ndarray) and row.dtype.kind in "bui":
            row = row.astype(np.float64)
        return named(row, self._features)

    @property
    def _features(self) -> Features:
        features = self._trained_on.item_features
        assert features is not None
        return features

    def _inner(self, queries: Any, items: Any) -> Scorer:
        return inner_scorer(queries, items, self.threads)

    def _user_vectors_scorer(self, vectors: Any) -> Scorer:
        rows = self._normalized
        items = self._index("items", rows) if isinstance(rows, np.ndarray) else rows
        return inner_scorer(vectors, items, self.threads)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._user_vectors_scorer(self._vectors_of_users(rows, users, None))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Return cosines for any metric: the vectors have length 1."""
        return self._user_vectors_scorer(self._normalized[items])

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        weighted = self._weighted(row)
        length = lengths(weighted @ self._normalized)[0]
        products = self._normalized[row.indices] @ self._normalized[[item]].T
        cosines = products if isinstance(products, np.ndarray) else products.toarray()
        parts = weighted.data.astype(np.float64) * cosines.ravel()
        return parts / length if length > 0 else np.zeros_like(parts)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        if self._trained_on.item_features is None:
            raise ValueError("no vectors of items")
        self._align(self._trained_on)
