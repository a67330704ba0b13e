"""What other libraries call the models and functions of this one, for hints in errors."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

_OTHERS = {
    "ALS": {"alternatingleastsquares", "ials", "implicitals", "implicitmf", "wrmf", "wmf"},
    "Ranking": {
        "bayesianpersonalizedranking", "bpr", "bprmf", "lightfm", "logisticmatrixfactorization",
        "lmf", "warp",
    },
    "HybridALS": {"cmf", "factorizationmachine", "hybrid"},
    "ItemNeighbors": {
        "bm25recommender", "cosinerecommender", "itemitemrecommender", "itemknn", "knn",
        "knnbasic", "p3alpha", "rp3beta", "tfidfrecommender",
    },
    "UserNeighbors": {"userknn", "useruser"},
    "Popularity": {"mostpopular", "popular", "popularmodel", "toppop", "toppopular"},
    "PureSVD": {"svd", "truncatedsvd"},
    "read_interactions": {
        "dataset", "from_dataframe", "from_pandas", "load_csv", "load_data", "read_csv",
        "read_pandas", "read_ratings",
    },
    "load": {"load_model"},
    "split.random_fraction": {"train_test_split", "random_split"},
    "split.leave_k_out": {"leave_k_out_split", "leave_one_out"},
    "tune": {"autotune", "gridsearchcv", "optimize", "search"},
    "evaluate": {"cross_validate", "precision_at_k", "ranking_metrics_at_k", "score"},
}  # fmt: skip
"""Our name → those of others, in lower case."""


def meant(name: str, names: Sequence[str]) -> str | None:
    """Return the one of some names that a wrong one stands for; None if none is likely."""
    lower = name.lower()
    for own, others in _OTHERS.items():
        if lower in others:
            return own
    spelled = {own.lower(): own for own in names}
    close = difflib.get_close_matches(lower, spelled, n=1, cutoff=0.75)
    return spelled[close[0]] if close else None
