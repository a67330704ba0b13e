"""Recommendations from implicit feedback: likes, plays, purchases, clicks.

The names below are the public ones. They are imported at first use, so that
``import penchant`` and ``penchant --help`` import nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penchant import engines as engines
    from penchant import errors as errors
    from penchant import plots as plots
    from penchant import protocols as protocols
    from penchant import split as split
    from penchant.content import images as images
    from penchant.content import texts as texts
    from penchant.data import datasets as datasets
    from penchant.data.catalog import Catalog as Catalog
    from penchant.data.disk.ingest import ingest as ingest
    from penchant.data.disk.opening import open_dataset as open_dataset
    from penchant.data.events import Events as Events
    from penchant.data.features import Features as Features
    from penchant.data.ids import IdMap as IdMap
    from penchant.data.interactions import Interactions as Interactions
    from penchant.data.io.catalog_tables import read_catalog as read_catalog
    from penchant.data.io.event_tables import read_events as read_events
    from penchant.data.io.feature_tables import read_features as read_features
    from penchant.data.io.read import read_interactions as read_interactions
    from penchant.errors import PenchantError as PenchantError
    from penchant.evaluation.compare import compare as compare
    from penchant.evaluation.comparison import Comparison as Comparison
    from penchant.evaluation.evaluate import Evaluation as Evaluation
    from penchant.evaluation.evaluate import evaluate as evaluate
    from penchant.models import load as load
    from penchant.models._io.export import export as export
    from penchant.models._scoring.scorers import Scorer as Scorer
    from penchant.models.als.hybrid import HybridALS as HybridALS
    from penchant.models.als.model import ALS as ALS
    from penchant.models.base import Model as Model
    from penchant.models.blend.model import Blend as Blend
    from penchant.models.content import Content as Content
    from penchant.models.linear.ease import EASE as EASE
    from penchant.models.linear.slim import SLIM as SLIM
    from penchant.models.neighbors import ItemNeighbors as ItemNeighbors
    from penchant.models.neighbors import UserNeighbors as UserNeighbors
    from penchant.models.popularity import Popularity as Popularity
    from penchant.models.random import Random as Random
    from penchant.models.ranking.model import Ranking as Ranking
    from penchant.models.spectral.graph_filter import GraphFilter as GraphFilter
    from penchant.models.spectral.pure_svd import PureSVD as PureSVD
    from penchant.models.tags import items_for_tag as items_for_tag
    from penchant.models.tags import suggest_tags as suggest_tags
    from penchant.results import Explanation as Explanation
    from penchant.results import Recommendations as Recommendations
    from penchant.split import Split as Split
    from penchant.tuning.curve import learning_curve as learning_curve
    from penchant.tuning.results import LearningCurve as LearningCurve
    from penchant.tuning.results import TuningResult as TuningResult
    from penchant.tuning.selection.results import ModelSelection as ModelSelection
    from penchant.tuning.space import Range as Range
    from penchant.tuning.tune import tune as tune

__version__ = "0.1.0"

# public name → the module it lives in
_HOMES = {
    "ALS": "penchant.models.als.model",
    "Blend": "penchant.models.blend.model",
    "Catalog": "penchant.data.catalog",
    "Comparison": "penchant.evaluation.comparison",
    "Content": "penchant.models.content",
    "EASE": "penchant.models.linear.ease",
    "Evaluation": "penchant.evaluation.evaluate",
    "Events": "penchant.data.events",
    "Explanation": "penchant.results",
    "Features": "penchant.data.features",
    "GraphFilter": "penchant.models.spectral.graph_filter",
    "HybridALS": "penchant.models.als.hybrid",
    "IdMap": "penchant.data.ids",
    "Interactions": "penchant.data.interactions",
    "ItemNeighbors": "penchant.models.neighbors",
    "LearningCurve": "penchant.tuning.results",
    "Model": "penchant.models.base",
    "ModelSelection": "penchant.tuning.selection.results",
    "Popularity": "penchant.models.popularity",
    "PureSVD": "penchant.models.spectral.pure_svd",
    "Random": "penchant.models.random",
    "Range": "penchant.tuning.space",
    "Ranking": "penchant.models.ranking.model",
    "Recommendations": "penchant.results",
    "SLIM": "penchant.models.linear.slim",
    "Scorer": "penchant.models._scoring.scorers",
    "TuningResult": "penchant.tuning.results",
    "UserNeighbors": "penchant.models.neighbors",
    "Split": "penchant.split",
    "PenchantError": "penchant.errors",
    "compare": "penchant.evaluation.compare",
    "evaluate": "penchant.evaluation.evaluate",
    "export": "penchant.models._io.export",
    "ingest": "penchant.data.disk.ingest",
    "items_for_tag": "penchant.models.tags",
    "learning_curve": "penchant.tuning.curve",
    "load": "penchant.models",
    "open_dataset": "penchant.data.disk.opening",
    "read_catalog": "penchant.data.io.catalog_tables",
    "read_events": "penchant.data.io.event_tables",
    "read_features": "penchant.data.io.feature_tables",
    "read_interactions": "penchant.data.io.read",
    "tune": "penchant.tuning.tune",
    "suggest_tags": "penchant.models.tags",
}
# public modules
_MODULES = {
    "datasets": "penchant.data.datasets",
    "engines": "penchant.engines",
    "errors": "penchant.errors",
    "images": "penchant.content.images",
    "plots": "penchant.plots",
    "protocols": "penchant.protocols",
    "split": "penchant.split",
    "texts": "penchant.content.texts",
}

__all__ = sorted([*_HOMES, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = importlib.import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        from penchant._other_names import meant

        hint = f" (did you mean penchant.{own}?)" if (own := meant(name, __all__)) else ""
        raise AttributeError(f"module 'penchant' has no attribute {name!r}{hint}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
