"""The demo's experiment: models fitted to the drawn catalog and measured on held-out likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penchant.evaluation.evaluate import evaluate
from penchant.models.als.model import ALS
from penchant.models.neighbors import ItemNeighbors
from penchant.models.popularity import Popularity
from penchant.split import Split, leave_k_out

if TYPE_CHECKING:
    from penchant.data.catalog import Catalog
    from penchant.data.features import Features
    from penchant.data.ids import Id
    from penchant.data.interactions import Interactions
    from penchant.evaluation.evaluate import Evaluation
    from penchant.models.base import Epoch, Model

METRICS = ("ndcg", "precision", "recall", "map", "auc", "coverage")
HELD_OUT, MIN_LIKES = 3, 10
_MAX_FACTORS = 64
# Chosen on another catalog (seed 1) than the one shown, as were the settings of the neighbors.
# HybridALS has the settings of examples/cold_items.py.
_ALS = {"alpha": 30.0, "regularization": 0.045, "regularization_scaling": 1.0, "iterations": 15}
_HYBRID = {"alpha": 10.0, "regularization": 30.0, "iterations": 10}
_NEIGHBORS = {"similarity": "tfidf", "neighbors": 200}


@dataclass
class Experiment:
    """What was measured on held-out likes, before a model was fitted to all likes."""

    split: Split
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    """Training loss of ALS after each epoch."""

    ndcgs: list[float] = field(default_factory=list)
    """NDCG@10 of ALS on the held-out likes after each epoch."""

    def measure(self, label: str, model: Model) -> None:
        """Measure a fitted model."""
        self.evaluations[label] = evaluate(model, self.split, metrics=METRICS)

    def fit_als(self, als: ALS, on_epoch: Callable[[int, float], object]) -> None:
        """Fit ALS, and record its loss and NDCG after each epoch.

        ``on_epoch`` is called with the number of the epoch and the NDCG.
        """

        def record(epoch: Epoch) -> None:
            ndcg = evaluate(als, self.split, metrics="ndcg", bootstrap=0)["ndcg"]
            self.losses.append(epoch.loss or 0.0)
            self.ndcgs.append(ndcg)
            on_epoch(epoch.number, ndcg)

        als.fit(self.split.train, on_epoch=record, track_loss=True)


@dataclass(frozen=True)
class ShownModel:
    """A fitted model with the texts of its row on the page."""

    model: Model
    label: str
    note: str
    stem: str
    """The name of its file, and of its option of ``penchant serve``."""


def hold_out(interactions: Interactions) -> Split:
    """Hold out some likes of each user with enough of them."""
    return leave_k_out(interactions, HELD_OUT, min_interactions=MIN_LIKES)


def simple_models() -> dict[str, Model]:
    """Return the models that ALS is compared with."""
    neighbors: dict[str, Any] = _NEIGHBORS
    return {"popularity": Popularity(), "item neighbors": ItemNeighbors(**neighbors)}


def make_als(interactions: Interactions) -> ALS:
    """Return ALS with settings for the drawn catalog, not fitted."""
    return ALS(factors=_factors(interactions), **_ALS)  # type: ignore[arg-type]


def show_als(model: Model) -> ShownModel:
    """Return ALS with the texts of its row."""
    return ShownModel(model, "Liked by the same people", "ALS, from likes alone", "model")


def fit_hybrid(interactions: Interactions) -> ShownModel:
    """Fit ALS with the items' tags as features."""
    from penchant.data.features import Features
    from penchant.models.als.hybrid import HybridALS

    tagged = interactions.with_item_features(
        Features.of_tags(_catalog(interactions)).normalized("l2")
    )
    model = HybridALS(factors=_factors(interactions), **_HYBRID).fit(tagged)  # type: ignore[arg-type]
    note = "HybridALS, with color, form and finish as tags"
    return ShownModel(model, "Likes and tags", note, "hybrid")


def fit_content(
    interactions: Interactions, on_progress: Callable[[int, int], object]
) -> ShownModel:
    """Fit a model to vectors of the items' pictures."""
    from penchant.content import images
    from penchant.models.content import Content

    features: Features = images.embed(_catalog(interactions), on_progress=on_progress).features
    model = Content(features).fit(interactions)
    return ShownModel(model, "Visually similar", "Content, from the pictures alone", "visual")


def _catalog(interactions: Interactions) -> Catalog:
    assert interactions.catalog is not None  # the drawn data have one
    return interactions.catalog


def _factors(interactions: Interactions) -> int:
    return min(_MAX_FACTORS, interactions.n_items // 4)


def typical_users(model: Model) -> list[Id]:
    """Return the first three users with 8 to 12 likes."""
    counts = model.interactions.csr.row_counts.tolist()
    chosen = [user for user, n in enumerate(counts) if 8 <= n <= 12] or [0]
    return [model.users[user] for user in chosen[:3]]


def popular_item(model: Model, rank: int = 10) -> Id:
    """Return the item with the rank-th most likes."""
    counts = model.interactions.by_item().row_counts
    item: Id = model.items[int(counts.argsort(kind="stable")[-min(rank, len(counts))])]
    return item


def item_name(model: Model, item: Id) -> str:
    """Return the name of an item, or its id without a catalog."""
    return str(item) if model.catalog is None else model.catalog.name(item)
