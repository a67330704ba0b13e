"""The training of Ranking: starting vectors, epochs of stochastic gradients, folding in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.features import Features
from penchant.data.interactions import Csr, Interactions
from penchant.errors import DataError, SettingsError
from penchant.models.ranking.embeddings import F32, Embeddings
from penchant.models.ranking.examples import likes_of, pool_of, weights_of

log = logging.getLogger("penchant")

_MIN_BATCHES = 64  # batches of an epoch, at least: later ones see the steps of earlier ones


class Options(Protocol):
    """The settings of :class:`penchant.Ranking`, as documented there."""

    loss: Any
    factors: int
    learning_rate: float
    schedule: Any
    rho: float
    epsilon: float
    item_alpha: float
    user_alpha: float
    k: int
    n: int
    max_sampled: int
    confidence: Any
    identity: bool
    feature_norm: Any
    batch: int
    seed: int
    hogwild: bool
    threads: int | None


class Learned(NamedTuple):
    """The state after an epoch: the embeddings of both sides, and the sampled loss."""

    users: Embeddings
    items: Embeddings
    loss: float


def start(options: Options, data: Interactions, epoch: int) -> tuple[Embeddings, Embeddings]:
    """Return random embeddings of users and of items; the seed depends on the epoch."""
    settings: dict[str, Any] = {
        "factors": options.factors,
        "identity": options.identity,
        "adadelta": options.schedule == "adadelta",
    }
    active = data.csr.row_counts > 0
    met = np.bincount(data.csr.indices, minlength=data.n_items) > 0
    of_users, of_items = (
        normalized(options, features) for features in (data.user_features, data.item_features)
    )
    seed = options.seed
    return (
        Embeddings.start(data.users, of_users, active, seed=[seed, epoch, 0], **settings),
        Embeddings.start(data.items, of_items, met, seed=[seed, epoch, 1], **settings),
    )


def normalized(options: Options, features: Features | None) -> Features | None:
    """Return features normalized by the setting, unless they already are, or there are none."""
    if features is None or features.norm is not None:
        return features
    return features.normalized(options.feature_norm)


def epochs(
    options: Options, data: Interactions, users: Embeddings, items: Embeddings, numbers: range
) -> Iterator[Learned]:
    """Train, and yield the state after each epoch.

    Parameters
    ----------
    options
        The settings.
    data
        What to learn from.
    users, items
        The embeddings to begin with; they are not changed.
    numbers
        The numbers of the epochs, which their seeds depend on.

    Raises
    ------
    SettingsError
        If the vectors are not finite after an epoch.
    """
    if options.loss == "logistic" and not (data.csr.values < 0).any():
        log.warning("%s holds no dislikes: the logistic loss has nothing to tell apart", data)
    likes, pool = likes_of(data.csr), pool_of(data, options.loss)
    weights = weights_of(data.csr, data.csr, options.confidence)
    examples = data.csr.row_of_entry, data.csr.indices, weights
    for number in numbers:
        left, right = users.laid_out(options.user_alpha), items.laid_out(options.item_alpha)
        loss = _kernels.ranking_epoch(
            examples,
            (likes.indptr, likes.indices),
            pool,
            left,
            right,
            kernel_settings(options, seed_of(options, number), data.nnz),
            threads=_kernels.thread_count(options.threads),
        )
        users, items = users.after(left), items.after(right)
        if not (np.isfinite(users.vectors).all() and np.isfinite(items.vectors).all()):
            raise SettingsError(
                f"the vectors are not finite after epoch {number}: lower the learning rate "
                f"({options.learning_rate}), or the weights of the features"
            )
        yield Learned(users, items, loss)


def fold_in(
    options: Options, data: Interactions, item_table: F32, rows: Csr, start: F32 | None, passes: int
) -> F32:
    """Return vectors and biases for new users: (n, factors + 1).

    Parameters
    ----------
    options
        The settings.
    data
        What the model was fitted on.
    item_table
        The items' vectors and biases, which stay fixed.
    rows
        The histories.
    start
        The vectors and biases that features give; None: zeros.
    passes
        How often each history is gone through.

    Raises
    ------
    DataError
        If ``start`` has another number of rows than there are histories.
    """
    if start is None:
        start = np.zeros((rows.n_rows, options.factors + 1), dtype=np.float32)
    if len(start) != rows.n_rows:
        raise DataError(f"features of {len(start):,} people for {rows.n_rows:,} histories")
    return _kernels.ranking_fold_in(
        (rows.indptr, rows.indices, weights_of(rows, data.csr, options.confidence)),
        pool_of(data, options.loss),
        item_table,
        start,
        _kernels.RankingFoldIn(
            regularization=options.user_alpha,
            adadelta=options.schedule == "adadelta",
            passes=passes,
        ),
        kernel_settings(options, seed_of(options, 0), 1),
        threads=_kernels.thread_count(options.threads),
    )


def kernel_settings(options: Options, seed: int, n_examples: int) -> _kernels.RankingSettings:
    """Return the settings of an epoch, as native code takes them."""
    return _kernels.RankingSettings(
        loss=_kernels.RANKING_LOSSES[options.loss],
        factors=options.factors,
        learning_rate=options.learning_rate,
        rho=options.rho,
        epsilon=options.epsilon,
        max_sampled=options.max_sampled,
        k=options.k,
        n=options.n,
        batch=max(1, min(options.batch, n_examples // _MIN_BATCHES)),
        seed=seed,
        hogwild=options.hogwild,
    )


def seed_of(options: Options, epoch: int) -> int:
    """Return the seed of an epoch; 0 is that of folding in."""
    state: npt.NDArray[Any] = np.random.SeedSequence([options.seed, epoch]).generate_state(
        1, np.uint64
    )
    return int(state[0])
