"""tacit learns what people like from what they do: likes, plays, purchases, clicks.

The names below are the public ones. They are imported at first use, so that
``import tacit`` and ``tacit --help`` cost nothing that is not needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tacit import errors as errors
    from tacit import plots as plots
    from tacit import split as split
    from tacit.content import images as images
    from tacit.content import texts as texts
    from tacit.data import datasets as datasets
    from tacit.data.catalogue import Catalogue as Catalogue
    from tacit.data.events import Events as Events
    from tacit.data.events import read_events as read_events
    from tacit.data.feature_tables import read_features as read_features
    from tacit.data.features import Features as Features
    from tacit.data.interactions import Interactions as Interactions
    from tacit.data.read import read_catalogue as read_catalogue
    from tacit.data.read import read_interactions as read_interactions
    from tacit.errors import TacitError as TacitError
    from tacit.evaluation.evaluate import Evaluation as Evaluation
    from tacit.evaluation.evaluate import evaluate as evaluate
    from tacit.models import load as load
    from tacit.models.als import ALS as ALS
    from tacit.models.blend import Blend as Blend
    from tacit.models.content import Content as Content
    from tacit.models.ease import EASE as EASE
    from tacit.models.hybrid import HybridALS as HybridALS
    from tacit.models.neighbours import ItemNeighbours as ItemNeighbours
    from tacit.models.popularity import Popularity as Popularity
    from tacit.models.ranking import Ranking as Ranking
    from tacit.models.tags import items_for_tag as items_for_tag
    from tacit.models.tags import suggest_tags as suggest_tags
    from tacit.results import Explanation as Explanation
    from tacit.results import Recommendations as Recommendations
    from tacit.split import Split as Split
    from tacit.tuning.curve import learning_curve as learning_curve
    from tacit.tuning.results import LearningCurve as LearningCurve
    from tacit.tuning.results import SearchResult as SearchResult
    from tacit.tuning.search import search as search
    from tacit.tuning.space import Range as Range

__version__ = "0.1.0"

# public name → the module it lives in
_HOMES = {
    "ALS": "tacit.models.als",
    "Blend": "tacit.models.blend",
    "Catalogue": "tacit.data.catalogue",
    "Content": "tacit.models.content",
    "EASE": "tacit.models.ease",
    "Evaluation": "tacit.evaluation.evaluate",
    "Events": "tacit.data.events",
    "Explanation": "tacit.results",
    "Features": "tacit.data.features",
    "HybridALS": "tacit.models.hybrid",
    "Interactions": "tacit.data.interactions",
    "ItemNeighbours": "tacit.models.neighbours",
    "LearningCurve": "tacit.tuning.results",
    "Popularity": "tacit.models.popularity",
    "Range": "tacit.tuning.space",
    "Ranking": "tacit.models.ranking",
    "Recommendations": "tacit.results",
    "SearchResult": "tacit.tuning.results",
    "Split": "tacit.split",
    "TacitError": "tacit.errors",
    "evaluate": "tacit.evaluation.evaluate",
    "items_for_tag": "tacit.models.tags",
    "learning_curve": "tacit.tuning.curve",
    "load": "tacit.models",
    "read_catalogue": "tacit.data.read",
    "read_events": "tacit.data.events",
    "read_features": "tacit.data.feature_tables",
    "read_interactions": "tacit.data.read",
    "search": "tacit.tuning.search",
    "suggest_tags": "tacit.models.tags",
}
# public modules
_MODULES = {
    "datasets": "tacit.data.datasets",
    "errors": "tacit.errors",
    "images": "tacit.content.images",
    "plots": "tacit.plots",
    "split": "tacit.split",
    "texts": "tacit.content.texts",
}

__all__ = sorted([*_HOMES, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = importlib.import_module(_MODULES[name])
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'tacit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
