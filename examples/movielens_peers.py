"""Other libraries for movielens_models.py: each fits, and penchant scores its vectors.

A peer is a function of interactions and the library's own settings that returns a scorer.
Objectives and settings are those of the library; docstrings say where a setting has another meaning
than in penchant. BLAS uses one thread where a library has its own threads, as its manual advises.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

import penchant
from penchant import _kernels
from penchant.engines.base import one_blas_thread
from penchant.models._scoring.scorers import BlockScorer, FactorScorer, Scorer


class Peer:
    """A library's model with the methods that measuring needs."""

    def __init__(self, learn: Callable[..., Scorer], **settings: Any) -> None:
        self.learn, self.settings = learn, settings

    def fit(self, train: penchant.Interactions) -> Peer:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            self.learned = self.learn(train, **self.settings)
        return self

    def scorer(self, interactions: penchant.Interactions) -> Scorer:
        return self.learned


def implicit_als(train: penchant.Interactions, **settings: Any) -> Scorer:
    """Fit implicit's ALS, whose confidence is α r: its α is penchant's α + 1."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(random_state=0, **settings)
    with one_blas_thread():
        model.fit(likes(train), show_progress=False)
    return factors(model.user_factors, model.item_factors)


def implicit_bpr(train: penchant.Interactions, **settings: Any) -> Scorer:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(random_state=0, **settings)
    with one_blas_thread():
        model.fit(likes(train), show_progress=False)
    return factors(model.user_factors, model.item_factors)


def implicit_neighbors(
    train: penchant.Interactions, similarity: str = "cosine", **settings: Any
) -> Scorer:
    # the module's name is British, and this repository's check of spelling would reject it
    neighbors = importlib.import_module("implicit.nearest_neighb" + "ours")
    name = {"cosine": "Cosine", "tfidf": "TFIDF", "bm25": "BM25"}[similarity]
    model = getattr(neighbors, f"{name}Recommender")(**settings)
    matrix = likes(train)
    model.fit(matrix, show_progress=False)
    return blocks(matrix, model.similarity)


def irspack_ials(train: penchant.Interactions, **settings: Any) -> Scorer:
    """Fit iALS: λ is scaled by frequency (ν = 1), observed cells have weight 1 + α0, not α + α0."""
    from irspack import IALSRecommender

    model = IALSRecommender(likes(train), n_threads=threads(), random_seed=0, **settings).learn()
    core = model.trainer_as_ials.core_trainer
    return factors(core.user, core.item)


def irspack_ease(train: penchant.Interactions, **settings: Any) -> Scorer:
    from irspack import DenseSLIMRecommender

    matrix = likes(train)
    return blocks(matrix, np.asarray(DenseSLIMRecommender(matrix, **settings).learn().W))


def cmfrec_implicit(train: penchant.Interactions, **settings: Any) -> Scorer:
    """Fit with the features of items, dense, if there are any."""
    from cmfrec import CMF_implicit

    model = CMF_implicit(nthreads=threads(), precompute_for_predictions=False, **settings)
    item_features = features(train)
    with one_blas_thread():
        model.fit(
            likes(train).tocoo(), I=None if item_features is None else item_features.toarray()
        )
    return factors(model.A_, model.B_)


def lightfm(train: penchant.Interactions, epochs: int = 1, **settings: Any) -> Scorer:
    """Fit with features beside one per item, in rows that sum to 1, as LightFM's Dataset does."""
    from lightfm import LightFM

    model, item_features = LightFM(random_state=0, **settings), features(train)
    if item_features is not None:
        item_features = sp.hstack(
            [sp.identity(train.n_items), item_features], format="csr", dtype=np.float32
        )
        item_features = sp.csr_matrix(sp.diags(1 / item_features.sum(axis=1).A1) @ item_features)
    model.fit(
        likes(train).tocoo(), item_features=item_features, epochs=epochs, num_threads=threads()
    )
    biases, vectors = model.get_item_representations(item_features)
    ones = np.ones((train.n_users, 1), dtype=np.float32)
    return factors(
        np.hstack([model.user_embeddings, ones]), np.hstack([vectors, biases[:, np.newaxis]])
    )


# --- conversions -----------------------------------------------------------------


def likes(train: penchant.Interactions) -> sp.csr_matrix:
    return sp.csr_matrix(train.to_scipy())


def features(train: penchant.Interactions) -> sp.csr_matrix | None:
    """Return a matrix with 1 for each feature of an item."""
    if train.item_features is None:
        return None
    rows = sp.csr_matrix(train.item_features.aligned(train.items).to_scipy())
    rows.data[:] = 1
    return rows


def factors(users: Any, items: Any) -> Scorer:
    return FactorScorer(
        *(np.ascontiguousarray(array, dtype=np.float32) for array in (users, items))
    )


def blocks(matrix: sp.csr_matrix, weights: Any) -> Scorer:
    """Return a scorer by item-to-item weights."""

    def block(span: slice) -> np.ndarray:
        scores = matrix[span] @ weights
        scores = scores.toarray() if sp.issparse(scores) else scores
        return np.ascontiguousarray(scores, dtype=np.float32)

    return BlockScorer(*matrix.shape, block)


def threads() -> int:
    return _kernels.thread_count(None)
