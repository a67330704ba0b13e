"""The fitted part of Ranking: vectors, fold-in, scores and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy.typing as npt

from penchant._files.arrays import ArraySpec
from penchant._settings.checks import check_float
from penchant.data.feature_rows import FeatureRow
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError, UnsupportedError
from penchant.models._arguments import History, need_items
from penchant.models._finite import check_folded
from penchant.models._inputs import recency_of
from penchant.models._outline import Outline, Use
from penchant.models._scoring.frozen import freeze
from penchant.models._scoring.index import ItemIndex
from penchant.models._scoring.scorers import FactorScorer, Scorer
from penchant.models.base import Metric, vector_scorer
from penchant.models.capabilities import FoldsInUsers, HasFeatureVectors, HasUserVectors
from penchant.models.cold_start import FeatureModel
from penchant.models.iterative import Iterative
from penchant.models.ranking import trainer
from penchant.models.ranking.embeddings import F32, Embeddings, as_factors, as_queries
from penchant.models.ranking.examples import mean_size
from penchant.models.ranking.settings import RankingSettings


class RankingVectors(
    FeatureModel, RankingSettings, Iterative, HasFeatureVectors, HasUserVectors, FoldsInUsers
):
    """A model whose vectors and biases are sums over features; see :class:`penchant.Ranking`."""

    arrays: ClassVar[Mapping[str, ArraySpec]] = {
        f"{side}_{name}": ArraySpec("float32", (f"n_{side}_{name}", "factors + 1"), min=smallest)
        for side in ("user", "item")
        for name, smallest in (("vectors", None), ("squares", 0), ("steps", 0))
    }

    _users: Embeddings
    _items: Embeddings
    _X: F32
    _Y: F32

    def _keep(self, data: Interactions, users: Embeddings, items: Embeddings) -> None:
        self._interactions, self._users, self._items = data, users, items
        self._X, self._Y = freeze(users.sums()), freeze(items.sums())
        self._drop_indexes()

    # --- the fitted model ----------------------------------------------------------

    @property
    def user_factors(self) -> F32:
        """Shape (n_users, factors), in the order of ``interactions.users``."""
        return self.user_table[:, :-1]

    @property
    def item_factors(self) -> F32:
        """Shape (n_items, factors), in the order of ``interactions.items``."""
        return self.item_table[:, :-1]

    @property
    def item_feature_factors(self) -> F32 | None:
        """Shape (n features, factors): the vectors of the items' named features, if any."""
        _ = self._trained_on
        return self._items.vectors[: self._items.n_named, :-1] if self._items.names else None

    @property
    def user_biases(self) -> F32:
        """Shape (n_users,). Zero except under the logistic loss, as they do not change ranks."""
        return self.user_table[:, -1]

    @property
    def item_biases(self) -> F32:
        """Shape (n_items,)."""
        return self.item_table[:, -1]

    @property
    def user_table(self) -> F32:
        """Shape (n_users, factors + 1), vectors with their biases last."""
        _ = self._trained_on
        return self._X

    @property
    def item_table(self) -> F32:
        """Shape (n_items, factors + 1), vectors with their biases last."""
        _ = self._trained_on
        return self._Y

    def fold_in_users(
        self,
        histories: Interactions | Iterable[History],
        *,
        features: Iterable[FeatureRow] | None = None,
    ) -> F32:
        """Compute vectors of new users from their histories and features.

        With all other parameters fixed, a user's own vector is trained on the history for as
        many epochs as the model was, starting from zero or from the vector of the user's
        features. It depends on the history, the model and its seed only. It is near the vector
        of a known user with the same history, but not equal to it.

        Parameters
        ----------
        histories
            Lists of items or mappings item → value, one for each user; or interactions over the
            model's items, with their own features.
        features
            For each user: names of features, or a mapping name → weight. None: no features.
            Unknown names are ignored, and a warning is logged.

        Returns
        -------
        ndarray
            Shape (n, factors).

        Raises
        ------
        UnknownIdError
            If an item is unknown.
        DataError
            If interactions are not over the model's items, or the numbers of features and
            histories differ.
        SettingsError
            If there are features beside interactions, which have their own.
        """
        if not isinstance(histories, Interactions):
            rows = self._trained_on.rows_of(histories)
            return self._fold_in(rows, self._sums("user", features))[:, :-1]
        if features is not None:
            raise SettingsError("interactions bring their own features: with_user_features")
        need_items(histories, self.items)
        return self._fold_in(histories.csr, self._start_of(histories))[:, :-1]

    def _fold_in(self, rows: Csr, start: F32 | None = None) -> F32:
        passes = max(1, len(self._epochs))
        vectors = trainer.fold_in(self, self._trained_on, self._Y, rows, start, passes)
        check_folded(vectors, self._trained_on)
        return vectors

    def _start_of(self, data: Interactions) -> F32 | None:
        """Return the vectors of the users' features in the interactions, if any are known."""
        names, features = self._users.names, trainer.normalized(self, data.user_features)
        if names is None or features is None:
            return None
        return self._users.sums_of(features.with_identity(False).over(names).aligned(data.users))

    def _sums(self, side: Literal["user", "item"], rows: Iterable[FeatureRow] | None) -> F32 | None:
        """Return vectors and biases from features alone."""
        if rows is None:
            return None
        data = self._trained_on
        features = data.user_features if side == "user" else data.item_features
        fitted = trainer.normalized(self, features)
        if fitted is None:
            raise UnsupportedError(
                f"the model was fitted without features of {side}s: fit it on "
                f"interactions.with_{side}_features(…)"
            )
        if isinstance(rows, str | bytes | Mapping):
            raise DataError(f"features are needed for each {side}, as a list; got {rows!r}")
        return (self._users if side == "user" else self._items).sums_of(fitted.rows_of(rows))

    def item_vectors(self, features: Iterable[FeatureRow]) -> tuple[F32, F32]:
        """Compute vectors (n, factors) and biases (n,) of new items from their features.

        Features are as for :meth:`fold_in_users`.

        Raises
        ------
        UnsupportedError
            If the model was fitted without features of items.
        """
        sums = self._sums("item", features)
        assert sums is not None
        return sums[:, :-1], sums[:, -1]

    @property
    def uses_interactions(self) -> Use:
        """Vectors of users are kept; new users are compared with items that BPR draws by them."""
        return "all" if self.loss == "bpr" else "seen"

    def _facts(self) -> dict[str, Any]:
        """Return the mean size of the examples, by which those of new users are divided."""
        data = self._trained_on
        recency = recency_of(self.half_life, data)
        return {"mean_size": mean_size(data.csr, self.confidence, recency)}

    # --- the contract --------------------------------------------------------------

    @property
    def scores_cold_items(self) -> bool:
        """Whether the model was fitted on items with features."""
        return self._interactions is not None and self._items.names is not None

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`penchant.models.base.Model.scorer`; features of new users are used."""
        is_plain = interactions is self._interactions or self._trained_on.user_features is None
        if is_plain or interactions.user_features is None or interactions.items != self.items:
            return super().scorer(interactions)
        users = self._fold_in(interactions.csr, self._start_of(interactions))
        return self._user_vectors_scorer(as_queries(users))

    def _vectors_of_users(
        self, rows: Csr, users: npt.NDArray[Any] | None, features: Sequence[FeatureRow] | None
    ) -> F32:
        if users is not None:
            return as_queries(self._X[users])
        return as_queries(self._fold_in(rows, self._sums("user", features)))

    def _vectors_of_items(self, features: Sequence[FeatureRow]) -> F32:
        sums = self._sums("item", features)
        assert sums is not None
        return as_factors(sums)

    def _user_vectors_scorer(self, vectors: F32) -> Scorer:
        return FactorScorer(vectors, self._factors, threads=self.threads)

    @property
    def _factors(self) -> ItemIndex:
        """The index of the items' vectors and biases, so that inner products are scores."""
        return self._index("factors", self.item_table, as_factors)

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._user_vectors_scorer(self._vectors_of_users(rows, users, None))

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("items", self.item_table, _without_bias)
        return vector_scorer(index, items, metric, self.threads)

    def _user_scorer(self, users: npt.NDArray[Any], metric: Metric) -> Scorer:
        index = self._index("users", self.user_table, _without_bias)
        return vector_scorer(index, users, metric, self.threads)

    def _sizes(self) -> dict[str, int | str]:
        """Add the numbers of features; a side without any has one for each user or item."""
        sizes, data, options = super()._sizes(), self._trained_on, self
        sizes["factors + 1"] = options.factors + 1
        for side, ids, features in (
            ("user", data.users, data.user_features),
            ("item", data.items, data.item_features),
        ):
            own = features is None or options.identity or features.identity
            named = 0 if features is None else features.n_features
            n = named + (len(ids) if own else 0)
            sizes[f"n_{side}_vectors"] = sizes[f"n_{side}_squares"] = n
            if options.schedule == "adadelta":
                sizes[f"n_{side}_steps"] = n
        return sizes

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {**self._users.arrays("user"), **self._items.arrays("item")}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        data = self._trained_on
        if isinstance(data, Outline):
            check_float("mean_size", data.facts["mean_size"], above=0)
        users, items = trainer.start(self, data, 0)
        self._keep(data, users.restored("user", arrays), items.restored("item", arrays))


def _without_bias(table: F32) -> F32:
    return table[:, :-1]
