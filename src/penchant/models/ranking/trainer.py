"""The training of Ranking: initial vectors, epochs of stochastic gradient descent, fold-in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.features import Features
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError
from penchant.models._inputs import recency_of
from penchant.models._outline import Outline, met_items
from penchant.models.ranking.embeddings import F32, Embeddings
from penchant.models.ranking.examples import likes_of, pool_of, weights_of
from penchant.models.ranking.settings import RankingSettings

log = logging.getLogger("penchant")

_MIN_BATCHES = 64  # batches of an epoch, at least: later ones see the steps of earlier ones


class Learned(NamedTuple):
    """The state after an epoch: the embeddings of both sides, and the sampled loss."""

    users: Embeddings
    items: Embeddings
    loss: float


def start(
    settings: RankingSettings, data: Interactions, epoch: int
) -> tuple[Embeddings, Embeddings]:
    """Draw embeddings of users and of items; the seed depends on the epoch."""
    tables: dict[str, Any] = {
        "factors": settings.factors,
        "identity": settings.identity,
        "adadelta": settings.schedule == "adadelta",
    }
    active = data.csr.row_counts > 0
    of_users, of_items = (
        normalized(settings, features) for features in (data.user_features, data.item_features)
    )
    seed = settings.seed
    return (
        Embeddings.start(data.users, of_users, active, seed=[seed, epoch, 0], **tables),
        Embeddings.start(data.items, of_items, met_items(data), seed=[seed, epoch, 1], **tables),
    )


def normalized(settings: RankingSettings, features: Features | None) -> Features | None:
    """Return features normalized by the setting, unless they already are, or there are none."""
    if features is None or features.norm is not None:
        return features
    return features.normalized(settings.feature_norm)


def epochs(
    settings: RankingSettings,
    data: Interactions,
    users: Embeddings,
    items: Embeddings,
    numbers: range,
) -> Iterator[Learned]:
    """Train by stochastic gradient descent; yield the state after each epoch.

    Parameters
    ----------
    settings
        The settings.
    data
        The training data.
    users, items
        The embeddings to start from; they are not changed.
    numbers
        The numbers of the epochs; the random numbers of an epoch depend on its number.

    Raises
    ------
    SettingsError
        If the vectors are not finite after an epoch.
    """
    n_steps = data.nnz
    if settings.loss == "logistic":
        n_steps *= 1 + settings.negatives
        if settings.negatives == 0 and not (data.csr.values < 0).any():
            log.warning(
                "%s holds no dislikes: the logistic loss needs them, or negatives of 1 or more",
                data,
            )
    likes, pool = likes_of(data.csr), pool_of(data, settings.loss)
    recency = recency_of(settings.half_life, data)
    weights = weights_of(data.csr, data.csr, settings.confidence, recency)
    examples = data.csr.row_of_entry, data.csr.indices, weights
    for number in numbers:
        left, right = (
            users.to_native(settings.user_regularization),
            items.to_native(settings.item_regularization),
        )
        loss = _kernels.ranking_epoch(
            examples,
            (likes.indptr, likes.indices),
            pool,
            left,
            right,
            kernel_settings(settings, seed_of(settings, number), n_steps),
            threads=_kernels.thread_count(settings.threads),
        )
        users, items = users.from_native(left), items.from_native(right)
        if not (np.isfinite(users.vectors).all() and np.isfinite(items.vectors).all()):
            raise SettingsError(
                f"the vectors are not finite after epoch {number}: lower the learning rate "
                f"({settings.learning_rate}), or the weights of the features"
            )
        yield Learned(users, items, loss)


def fold_in(
    settings: RankingSettings,
    data: Interactions,
    item_table: F32,
    rows: Csr,
    start: F32 | None,
    passes: int,
) -> F32:
    """Train vectors and biases of new users, with all others fixed: (n, factors + 1).

    Parameters
    ----------
    settings
        The settings.
    data
        The training data.
    item_table
        The items' vectors and biases, which stay fixed.
    rows
        The histories.
    start
        The vectors and biases that features give; None: zeros.
    passes
        The number of passes over each history.

    Raises
    ------
    DataError
        If ``start`` has another number of rows than there are histories.
    """
    if start is None:
        start = np.zeros((rows.n_rows, settings.factors + 1), dtype=np.float32)
    if len(start) != rows.n_rows:
        raise DataError(f"features of {len(start):,} people for {rows.n_rows:,} histories")
    recency = recency_of(settings.half_life, data)
    trained = float(data.facts["mean_size"]) if isinstance(data, Outline) else data.csr
    return _kernels.ranking_fold_in(
        (rows.indptr, rows.indices, weights_of(rows, trained, settings.confidence, recency)),
        pool_of(data, settings.loss),
        item_table,
        start,
        _kernels.RankingFoldIn(
            regularization=settings.user_regularization,
            adadelta=settings.schedule == "adadelta",
            passes=passes,
        ),
        kernel_settings(settings, seed_of(settings, 0), 1),
        threads=_kernels.thread_count(settings.threads),
    )


def kernel_settings(settings: RankingSettings, seed: int, n_steps: int) -> _kernels.RankingSettings:
    """Return the settings of an epoch, as native code takes them."""
    return _kernels.RankingSettings(
        loss=_kernels.RANKING_LOSSES[settings.loss],
        factors=settings.factors,
        learning_rate=settings.learning_rate,
        rho=settings.rho,
        epsilon=settings.epsilon,
        max_sampled=settings.max_sampled,
        negatives=settings.negatives,
        k=settings.k,
        n=settings.n,
        batch=max(1, min(settings.batch, n_steps // _MIN_BATCHES)),
        seed=seed,
        hogwild=settings.hogwild,
    )


def seed_of(settings: RankingSettings, epoch: int) -> int:
    """Return the seed of an epoch; 0 is that of fold-in."""
    state: npt.NDArray[Any] = np.random.SeedSequence([settings.seed, epoch]).generate_state(
        1, np.uint64
    )
    return int(state[0])
