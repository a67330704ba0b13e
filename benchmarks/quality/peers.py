"""The peers' models: each is fitted by its own library; penchant ranks and measures its scores.

Spaces of irspack are those that it declares for its own tuner. The others declare none, so they get
ranges like those of penchant's counterparts. ``values`` says how counts reach a library: as they
are, log(1 + count) or 1; it belongs to the space, as ``confidence`` does in penchant.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

import penchant
from benchmarks.quality.families import Family, Settings
from penchant.engines.base import one_blas_thread
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, Scorer

Fit = Callable[[sp.csr_matrix, Settings, int], Scorer]
VALUES = {"linear": lambda x: x, "log": np.log1p, "binary": np.ones_like}


class Peer:
    """A model of a peer with the methods that measuring needs."""

    def __init__(self, fit: Fit, settings: Settings, threads: int) -> None:
        self._fit, self.settings, self.threads = fit, dict(settings), threads

    def fit(self, train: penchant.Interactions) -> Peer:
        settings = dict(self.settings)
        matrix = sp.csr_matrix(train.to_scipy())
        matrix.data = VALUES[settings.pop("values", "linear")](matrix.data).astype(np.float32)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            self._scorer = self._fit(matrix, settings, self.threads)
        return self

    def scorer(self, interactions: penchant.Interactions) -> Scorer:
        return self._scorer


def family(
    library: str, package: str, name: str, fit: Fit, space: Settings, **default: Any
) -> Family:
    """Return a family of a peer; its space gets the setting ``values``."""

    def make(settings: Settings, train: penchant.Interactions, threads: int) -> Peer:
        return Peer(fit, settings, threads)

    return Family(library, package, name, make, {**space, "values": [*VALUES]}, default)


# --- implicit -----------------------------------------------------------------------------


_NEIGHBORS = "implicit.nearest_neighb" + "ours"
"""The module's name is British, and this repository's check of spelling would reject it."""


def implicit() -> list[Family]:
    factors = {"factors": (16, 256, "log")}
    near = {"K": (10, 400, "log")}
    als = {**factors, "regularization": (1e-3, 100.0, "log"), "alpha": (0.1, 100.0, "log")}
    steps = {
        **factors,
        "learning_rate": (1e-3, 0.3, "log"),
        "regularization": (1e-4, 1.0, "log"),
        "iterations": (20, 200, "log"),
    }
    bm25 = {**near, "K1": (0.1, 100.0, "log"), "B": (0.0, 1.0)}
    rows: list[tuple[str, Fit, Settings]] = [
        ("ALS", partial(_implicit_factors, "als", "AlternatingLeastSquares"), als),
        ("BPR", partial(_implicit_factors, "bpr", "BayesianPersonalizedRanking"), steps),
        ("logistic MF", partial(_implicit_factors, "lmf", "LogisticMatrixFactorization"), steps),
        ("cosine neighbors", partial(_implicit_neighbors, "CosineRecommender"), near),
        ("TF-IDF neighbors", partial(_implicit_neighbors, "TFIDFRecommender"), near),
        ("BM25 neighbors", partial(_implicit_neighbors, "BM25Recommender"), bm25),
    ]
    return [family("implicit", "implicit", name, fit, space) for name, fit, space in rows]


def _implicit_factors(
    module: str, name: str, matrix: sp.csr_matrix, settings: Settings, threads: int
) -> Scorer:
    """Fit factors; BLAS has one thread, as implicit advises."""
    cls = getattr(importlib.import_module(f"implicit.cpu.{module}"), name)
    model = cls(random_state=0, num_threads=threads, **settings)
    with one_blas_thread():
        model.fit(matrix, show_progress=False)
    return _factors(model.user_factors, model.item_factors)


def _implicit_neighbors(
    name: str, matrix: sp.csr_matrix, settings: Settings, threads: int
) -> Scorer:
    model = getattr(importlib.import_module(_NEIGHBORS), name)(num_threads=threads, **settings)
    model.fit(matrix, show_progress=False)
    return _blocks(matrix.shape, lambda span: matrix[span] @ model.similarity)


# --- irspack ------------------------------------------------------------------------------

_IRSPACK = {
    "iALS": "IALSRecommender",
    "P3alpha": "P3alphaRecommender",
    "RP3beta": "RP3betaRecommender",
    "EASE (DenseSLIM)": "DenseSLIMRecommender",
    "EDLAE": "EDLAERecommender",
    "SLIM": "SLIMRecommender",
    "cosine kNN": "CosineKNNRecommender",
    "asymmetric cosine kNN": "AsymmetricCosineKNNRecommender",
    "cosine user kNN": "CosineUserKNNRecommender",
    "truncated SVD": "TruncatedSVDRecommender",
    "NMF": "NMFRecommender",
}


def irspack() -> list[Family]:
    import irspack as library

    return [
        family(
            "irspack",
            "irspack",
            name,
            partial(_irspack, cls),
            {item.name: _range_of(item) for item in getattr(library, cls).default_tune_range},
        )
        for name, cls in _IRSPACK.items()
    ]


def _range_of(declared: Any) -> Any:
    """Return a parameter range of irspack as penchant writes it."""
    kind = type(declared).__name__
    if kind == "CategoricalRange":
        return list(declared.choices)
    number = int if "Integer" in kind else float
    ends = number(declared.low), number(declared.high)
    return (*ends, "log") if kind.startswith("Log") else ends


def _irspack(name: str, matrix: sp.csr_matrix, settings: Settings, threads: int) -> Scorer:
    import irspack as library

    cls = getattr(library, name)
    accepted = inspect.signature(cls.__init__).parameters
    usual = {"n_threads": threads, "random_seed": 0}
    model = cls(matrix, **{k: v for k, v in usual.items() if k in accepted}, **settings).learn()
    return _blocks(matrix.shape, lambda span: model.get_score(np.arange(span.start, span.stop)))


# --- LightFM ------------------------------------------------------------------------------


def lightfm() -> list[Family]:
    """Return the family of LightFM (maintained as rectools-lightfm).

    Its defaults are one epoch of logistic loss; the row of defaults has those of its own first
    example, WARP and 30 epochs.
    """
    space = {
        "loss": ["warp", "bpr", "logistic"],
        "no_components": (16, 256, "log"),
        "learning_rate": (0.005, 0.2, "log"),
        "item_alpha": (1e-7, 1e-2, "log"),
        "user_alpha": (1e-7, 1e-2, "log"),
        "max_sampled": (5, 100, "log"),
        "epochs": (10, 60, "log"),
    }
    example = {"loss": "warp", "epochs": 30}
    return [family("LightFM", "rectools-lightfm", "LightFM", _lightfm, space, **example)]


def _lightfm(matrix: sp.csr_matrix, settings: Settings, threads: int) -> Scorer:
    from lightfm import LightFM

    epochs = settings.pop("epochs")
    model = LightFM(random_state=0, **settings)
    likes = matrix.tocoo()
    ones = sp.coo_matrix((np.ones_like(likes.data), (likes.row, likes.col)), shape=likes.shape)
    weights = None if settings["loss"] == "warp-kos" else likes
    model.fit(ones, sample_weight=weights, epochs=epochs, num_threads=threads)
    ones = np.ones((matrix.shape[0], 1), dtype=np.float32)
    users = np.hstack([model.user_embeddings, ones])
    return _factors(users, np.hstack([model.item_embeddings, model.item_biases[:, np.newaxis]]))


LIBRARIES: dict[str, Callable[[], list[Family]]] = {
    "implicit": implicit,
    "irspack": irspack,
    "lightfm": lightfm,
}
"""The module that a library is imported as → its families."""


def _factors(users: Any, items: Any) -> Scorer:
    arrays = (np.ascontiguousarray(array, dtype=np.float32) for array in (users, items))
    return FactorScorer(*arrays)


def _blocks(shape: tuple[int, int], scores: Callable[[slice], Any]) -> Scorer:
    def block(span: slice) -> np.ndarray:
        part = scores(span)
        part = part.toarray() if sp.issparse(part) else np.asarray(part)
        return np.ascontiguousarray(part, dtype=np.float32)

    return BlockScorer(*shape, block)
