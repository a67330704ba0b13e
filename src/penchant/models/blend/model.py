"""Several models as one: a weighted mean of their scores, and a chain of fallbacks."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import ArrayMismatchError
from penchant._files.manifest import check_form
from penchant._settings import checks
from penchant._settings.configurable import validate
from penchant._settings.declarations import Setting
from penchant.data.feature_rows import FeatureRow
from penchant.data.features import Features
from penchant.data.ids import Id
from penchant.data.interactions import Csr, Interactions
from penchant.models._arguments import History
from penchant.models._outline import Use, met_items
from penchant.models._scores import People
from penchant.models._scoring.scorers import Scorer
from penchant.models._scoring.topk import diagonal
from penchant.models.base import Metric, Model, OnEpoch
from penchant.models.blend.explaining import contributions
from penchant.models.blend.fusion import Fusion
from penchant.models.blend.parts import (
    as_chain,
    as_models,
    as_tuple,
    as_weights,
    default_parts,
    of_part,
    own_features,
    weightings,
    with_own_features,
    written,
)
from penchant.models.blend.query import ScoringQuery, people_of, uses_features
from penchant.models.blend.routing import Maker, Router
from penchant.models.cold_start import ColdStartModel, Entity
from penchant.models.search import Search


@dataclass(eq=False, repr=False)
class Blend(ColdStartModel, Model):
    """Combine several models: a weighted mean of their scores, with a chain of fallbacks.

    Each query is answered by the first part of the ``chain`` that can score it. A personal model
    can score users with a history, or with features that it was fitted with. Unless it scores cold
    items, the history must contain an item with interactions in training. Popularity can score
    every user. If the first part has a weight, the scores of all parts that have a weight and can
    score the query are mixed; otherwise it answers with its own scores. If no part can score the
    query, the last one of the chain answers. :attr:`penchant.Recommendations.sources` names the
    parts: ``"als"``, ``"als + content"``. Unknown users are answered as users without a history,
    if a part of the chain can score these, such as Popularity; otherwise they are errors.

    The scores of all items are mixed, not those of the parts' lists, so the top k is exact. For
    each query the scores of each part are brought to one scale, by the items that are not in the
    history, and averaged with the weights. A part that does not score an item counts 0; an item
    that no part scores is not recommended.

    An explanation adds those of the parts that answer, where one part does or ``fusion`` is
    ``"top-mean"``, and these parts explain their scores.

    Features of new users and items go to the parts that use them; new items are ranked by these
    parts only.

    Raises
    ------
    SettingsError
        If a setting is out of its range, or names no model.
    """

    models: Annotated[
        Mapping[str, Model | Mapping[str, Any]],
        Setting(
            help="Name → model; by default ALS, ItemNeighbors with BM25, and Popularity.",
            details="Fitted models are used as they are if all have the same interactions; "
            ":meth:`fit` fits copies. The result of ``described()`` of a model may be used instead "
            "of it.",
        ),
    ] = field(default_factory=default_parts)
    _: KW_ONLY
    weights: Annotated[
        Mapping[str, float] | Sequence[float] | None,
        Setting(
            help="Name → weight of the model's scores, 0 or more, or the weights in the order of "
            "the models.",
            details="Models without a name here have weight 0. None: 1 for all personal models "
            "and 0 for the others.",
        ),
    ] = None
    chain: Annotated[
        Sequence[str] | None,
        Setting(help="Names in the order in which they are tried; None: all, personal ones first."),
    ] = None
    fusion: Annotated[
        Fusion,
        Setting(
            help="How scores are brought to one scale.",
            details='``"z-score"``: deviations from a list\'s mean in standard deviations; '
            '``"min-max"``: 0 for the worst and 1 for the best; ``"rank"``: 1 / (60 + rank), which '
            'depends on the order alone; ``"top-mean"``: divided by the mean of the hundred best, '
            "for scores that are about 0 for most items.",
            source='for ``"rank"``, Cormack, Clarke & Büttcher 2009, "Reciprocal rank fusion"',
        ),
    ] = "z-score"
    threads: Annotated[
        int | None,
        Setting(
            min=1,
            help="Threads that rank mixed scores. Default: all cores this process may use.",
            details="The models have settings of their own for this.",
        ),
    ] = None

    kind: ClassVar[str] = "blend"
    search: ClassVar[Search] = Search(included=False)
    falls_back: ClassVar[bool] = True

    def __post_init__(self) -> None:
        validate(self)
        self._parts = as_models(self.models)
        _ = self._weight, self._order  # raises if they are not valid
        data = [part._interactions for part in self._parts.values()]
        if data[0] is not None and all(interactions is data[0] for interactions in data):
            self._keep(data[0], self._parts)

    def __repr__(self) -> str:
        return written(self, self._parts)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by name, as JSON can hold them, with models as kind and settings."""
        weights, chain = self.weights, self.chain
        return {
            "models": {name: part.described() for name, part in self._parts.items()},
            "weights": dict(weights) if isinstance(weights, Mapping) else as_tuple(weights),
            "chain": as_tuple(chain),
            "fusion": self.fusion,
            "threads": self.threads,
        }

    @property
    def parts(self) -> dict[str, Model]:
        """Name → model, fitted once this is."""
        return dict(self._parts)

    @property
    def _weight(self) -> dict[str, float]:
        """Name → weight, of the parts with a weight above 0."""
        return as_weights(self.weights, self._parts)

    @property
    def _order(self) -> tuple[str, ...]:
        """The names of the chain, in order."""
        return as_chain(self.chain, self._parts)

    @property
    def scores_cold_items(self) -> bool:
        """Whether a part with a weight scores cold items."""
        return any(self._parts[name].scores_cold_items for name in self._weight)

    @property
    def scores_anyone(self) -> bool:
        """Whether a part of the chain scores users without a history."""
        return any(self._parts[name].scores_anyone for name in self._order)

    # --- fitting -------------------------------------------------------------------

    def fit(self, interactions: Interactions, *, on_epoch: OnEpoch | None = None) -> Self:
        """Fit a copy of every part on the same interactions; ``on_epoch`` is not called.

        A part that is fitted on this very object (not on an equal one) is used as it is, so
        weights can be changed without fitting again.

        Raises
        ------
        DataError
            If it is not interactions.
        EmptyDataError
            If there are none.
        """
        data = self._to_learn(interactions)
        parts = {
            name: part if part._interactions is data else part.with_settings().fit(data)
            for name, part in self._parts.items()
        }
        self._keep(data, parts)
        self._check_learned()
        return self

    def _keep(self, data: Interactions, parts: dict[str, Model]) -> None:
        self._interactions, self._parts = data, parts
        self._met = met_items(data)

    @classmethod
    def precompute(cls, settings: Mapping[str, Any], data: Interactions) -> dict[str, Any]:
        """Fit the parts once for many weights; see :meth:`Model.precompute`."""
        models = {"models": settings["models"]} if "models" in settings else {}
        return {"models": cls(**models).fit(data).parts}

    @staticmethod
    def weightings(models: int, steps: int = 10) -> list[tuple[float, ...]]:
        """Return all weights of n models that are multiples of 1/steps and add up to 1.

        For tuning: ``penchant.tune(Blend, {"models": models, "weights": Blend.weightings(3)},
        split)`` fits the models once, and then measures every mixture.

        Raises
        ------
        SettingsError
            If a number is less than 1.
        """
        return weightings(
            checks.check_int("models", models, 1), checks.check_int("steps", steps, 1)
        )

    @property
    def uses_interactions(self) -> Use:
        """What the parts need; routes depend on histories in any case."""
        uses = [part.uses_interactions for part in self._parts.values()]
        return "all" if "all" in uses else "histories"

    def _facts(self) -> dict[str, Any]:
        """Return those of each part."""
        return {name: part._facts() for name, part in self._parts.items()}

    # --- routing ---------------------------------------------------------------

    def _scorer(self, rows: Csr, users: npt.NDArray[Any] | None) -> Scorer:
        return self._scorer_of_new(rows, users, None, None)

    def _scorer_of_new(
        self,
        rows: Csr,
        users: npt.NDArray[Any] | None,
        people: Sequence[FeatureRow] | None,
        items: Sequence[FeatureRow] | None,
    ) -> Scorer:
        query = ScoringQuery(rows, users, people, items)
        return self._routed(query, lambda part, places: query.take(places).scorer_for(part))

    def _uses_features_of(self, entity: Entity) -> bool:
        """Whether a part uses such features."""
        return any(uses_features(part, entity) for part in self._parts.values())

    def scorer(self, interactions: Interactions) -> Scorer:
        """See :meth:`Model.scorer`; features of new users are used."""
        rows = interactions.csr
        if interactions is self._interactions:
            return self._scorer(rows, np.arange(rows.n_rows))
        whole = functools.cache(lambda part: part.scorer(interactions))
        query = ScoringQuery(rows, people=self._features_of_users(interactions))
        return self._routed(query, lambda part, places: whole(part).take(places))

    def _features_of_users(self, data: Interactions) -> list[FeatureRow] | None:
        """Return the features of the users of interactions, if a part uses such."""
        features = data.user_features
        if features is None or not self._uses_features_of("user"):
            return None
        return [features.row(user) if user in features.ids else {} for user in data.users]

    def _item_scorer(self, items: npt.NDArray[Any], metric: Metric) -> Scorer:
        """Route as for users whose history is the item."""
        return self._routed(
            ScoringQuery(diagonal(items, len(self.items))),
            lambda part, places: part._item_scorer(items[places], metric),
        )

    def _routed(self, query: ScoringQuery, make: Maker) -> Scorer:
        """Return a scorer that sends each query to the parts that answer it."""
        return self._router().scorer(query, make)

    def _router(self) -> Router:
        _ = self._trained_on
        return Router(self._parts, self._weight, self._order, self.fusion, self._met, self.threads)

    def _can_score(
        self, rows: Csr, users: npt.NDArray[Any] | None, met: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Return whether a part can score each user; see :meth:`Model._can_score`."""
        can = [part._can_score(rows, users, met) for part in self._parts.values()]
        return np.asarray(np.any(can, axis=0))

    def _people(
        self, users: Id | Iterable[Id] | None, history: History | Sequence[History] | None
    ) -> People:
        """Return unknown users too, with the code −1 and no history, if a part can score them."""
        if users is not None and history is None:
            return people_of(self, users, scores_unknown=self.scores_anyone)
        return super()._people(users, history)

    def _contributions(self, row: Csr, item: int) -> npt.NDArray[np.float64]:
        return contributions(self._router(), row, item)

    # --- files ---------------------------------------------------------------------

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        parts = self._parts.items()
        return {
            f"{name}/{key}": array for name, part in parts for key, array in part._arrays().items()
        }

    def _check_arrays(self, arrays: Mapping[str, npt.NDArray[Any]], *, finite: bool = True) -> None:
        """Check the arrays of each part; see :meth:`Fitted._check_arrays`."""
        for key in arrays:
            if key.partition("/")[0] not in self._parts:
                raise ArrayMismatchError(
                    f"array {key!r} belongs to no part of this blend: {', '.join(self._parts)}"
                )
        for name, part in self._parts.items():
            try:
                part._check_arrays(_under(name, arrays), finite=finite)
            except ArrayMismatchError as error:
                raise ArrayMismatchError(f"part {name!r}: {error}") from error

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        for name, part in self._parts.items():
            part._restore(_under(name, arrays))
        self._keep(self._trained_on, self._parts)

    def _own_features(self) -> dict[str, Features]:
        """Return the features of parts that are not those of the blend's interactions."""
        own: dict[str, Features] = {}
        for name, part in self._parts.items():
            for side, features in own_features(part._trained_on, self._trained_on).items():
                own[f"{name}/{side}"] = features
            own |= {f"{name}/{key}": value for key, value in part._own_features().items()}
        return own

    def _restore_features(self, features: Mapping[str, Features]) -> None:
        for name, part in self._parts.items():
            own = _under(name, features)
            part._interactions = with_own_features(of_part(self._trained_on, name), own)
            part._restore_features(own)

    def _training(self) -> list[dict[str, Any]]:
        return [{"part": name, "epochs": part._training()} for name, part in self._parts.items()]

    def _restore_training(self, training: list[dict[str, Any]]) -> None:
        check_form(training, [{"part": str, "epochs": [dict]}], "info.training")
        for record in training:
            self._parts[record["part"]]._restore_training(record["epochs"])


def _under(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of one part, from names such as ``part/value``."""
    prefix = f"{name}/"
    return {
        key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)
    }
