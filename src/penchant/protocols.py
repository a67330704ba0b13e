"""Protocols of published comparisons: each bundles a split, candidates and metrics.

A protocol returns a :class:`penchant.Split` that has the protocol's candidates and metrics;
:func:`penchant.evaluate` measures those if no others are named::

    split = penchant.protocols.lightgcn(likes)
    print(penchant.evaluate(penchant.ALS().fit(split.train), split))

Figures can be compared with published ones only if the data set and its preparation are the same:
articles differ in thresholds, and often in the drawn split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from penchant._boundary import checked
from penchant._settings.checks import check_choice, check_int
from penchant.data.interactions import Interactions
from penchant.errors import SplitError, reworded
from penchant.split import (
    Split,
    held_out_users,
    leave_k_out,
    random_fraction,
    sample_negatives,
    temporal,
)
from penchant.split import leave_last_out as _leave_last_out
from penchant.split._drawing import as_flag

__all__ = [
    "PROTOCOLS",
    "apply",
    "global_temporal",
    "leave_last_out",
    "lightgcn",
    "ncf",
    "strong_generalization",
]


@checked
def ncf(
    interactions: Interactions,
    *,
    last: bool = True,
    negatives: int = 99,
    seed: int | None = 0,
) -> Split:
    """Leave one out, ranked among 99 sampled negatives: HR@10 and NDCG@10 over 100 candidates.

    The protocol of neural collaborative filtering (He et al. 2017). Its figures are biased and may
    order models wrongly (Krichene & Rendle 2020, "On sampled metrics for item recommendation"): use
    it only to compare with published tables, and :func:`leave_last_out` otherwise.

    Parameters
    ----------
    interactions
        What to split; it must have timestamps if ``last``.
    last
        Hold out the newest like of each user with two or more; False: one drawn at random.
    negatives
        The number of negatives of each user, drawn uniformly from the items that the user has not.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If there are no timestamps, no user has two likes, or there are too few items.
    """
    last = as_flag("last", last)
    check_int("negatives", negatives, 1)
    hints = {"use another split": "pass last=False", "lower n": "lower negatives"}
    with reworded(SplitError, hints):
        if last:
            split = _leave_last_out(interactions, seed=seed)
        else:
            split = leave_k_out(interactions, 1, min_interactions=2, seed=seed)
        drawn = split.settings["seed"]
        split = sample_negatives(split, negatives, seed=drawn)  # type: ignore[arg-type]
    settings = {"last": last, "negatives": int(negatives), "seed": drawn}
    return _named(split, "ncf", ("hit_rate@10", "ndcg@10"), settings)


@checked
def lightgcn(interactions: Interactions, *, test: float = 0.2, seed: int | None = 0) -> Split:
    """Hold out 20 % of each user's likes and rank all unseen items: recall@20 and NDCG@20.

    The protocol of NGCF and LightGCN (Wang et al. 2019; He et al. 2020) and of most articles on
    graph networks. Recall divides by all held-out items of the user (``recall``), the ideal of NDCG
    has min(20, held out) items. The articles' own data sets come as a fixed split: build
    :class:`penchant.Split` of its parts, with ``metrics=("recall@20", "ndcg@20")``.

    Parameters
    ----------
    interactions
        What to split.
    test
        The share of each user's likes that is held out, above 0 and below 1.
    seed
        0 or more. None draws a seed, which ``Split.settings`` holds.

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If no user has two likes.
    """
    split = random_fraction(interactions, test, per_user=True, seed=seed)
    settings = {"test": split.settings["test"], "seed": split.settings["seed"]}
    return _named(split, "lightgcn", ("recall@20", "ndcg@20"), settings)


@checked
def strong_generalization(
    interactions: Interactions,
    fraction: float | None = None,
    *,
    n: int | None = None,
    fold_in: float = 0.8,
    min_interactions: int = 5,
    seed: int | None = 0,
) -> Split:
    """Hold out users and fold in 80 % of their likes: recall@20, recall@50 and NDCG@100.

    The protocol of Liang et al. (2018, "Variational autoencoders for collaborative filtering"). Its
    recall divides by min(k, held out): ``recall_truncated``.

    Parameters
    ----------
    interactions, fraction, n, fold_in, min_interactions, seed
        As for :func:`penchant.split.held_out_users`, where users with 2 likes can be drawn.

    Raises
    ------
    SettingsError, SplitError
        As for :func:`penchant.split.held_out_users`.
    """
    split = held_out_users(
        interactions,
        fraction,
        n=n,
        fold_in=fold_in,
        min_interactions=min_interactions,
        seed=seed,
    )
    metrics = ("recall_truncated@20", "recall_truncated@50", "ndcg@100")
    return _named(split, "strong_generalization", metrics, split.settings)


@checked
def global_temporal(
    interactions: Interactions,
    test: float | None = None,
    *,
    at: int | None = None,
    keep_cold: bool = False,
) -> Split:
    """Hold out what is newer than one time for all users: recall@20 and NDCG@20.

    Models learn nothing from the future, as in a system that runs (Ji et al. 2023, "A critical
    study on data leakage in recommender system offline evaluation").

    Parameters
    ----------
    interactions, test, at
        As for :func:`penchant.split.temporal`.
    keep_cold
        Whether the test part has users and items without a like in the training part. False leaves
        their interactions out of it: models without features can't rank them (Meng et al. 2020).

    Raises
    ------
    SettingsError
        If an argument is out of its range.
    SplitError
        If there are no timestamps, one side of the cut would have no likes, or no like is left.
    """
    keep_cold = as_flag("keep_cold", keep_cold)
    split = temporal(interactions, test, at=at)
    if not keep_cold:
        split = replace(split, test=_warm(split))
    settings = {**split.settings, "keep_cold": keep_cold}
    return _named(split, "global_temporal", ("recall@20", "ndcg@20"), settings)


@checked
def leave_last_out(interactions: Interactions, *, seed: int | None = 0) -> Split:
    """Hold out the newest like of each user and rank all unseen items: HR@10, NDCG@10 and MRR@10.

    The usual protocol of sequential recommendation (Kang & McAuley 2018, with all items as
    candidates). Users are cut at different times: see :func:`global_temporal`.

    Parameters
    ----------
    interactions, seed
        As for :func:`penchant.split.leave_last_out`.

    Raises
    ------
    SettingsError, SplitError
        As for :func:`penchant.split.leave_last_out`.
    """
    split = _leave_last_out(interactions, seed=seed)
    metrics = ("hit_rate@10", "ndcg@10", "mrr@10")
    return _named(split, "leave_last_out", metrics, split.settings)


PROTOCOLS: Mapping[str, Callable[..., Split]] = {
    "ncf": ncf,
    "lightgcn": lightgcn,
    "strong-generalization": strong_generalization,
    "global-temporal": global_temporal,
    "leave-last-out": leave_last_out,
}
"""The protocols by their names on the command line."""


@checked
def apply(name: str, interactions: Interactions, *, seed: int = 0) -> Split:
    """Return the split of a protocol by its name, with the protocol's own settings.

    Parameters
    ----------
    name
        A key of :data:`PROTOCOLS`; underscores may stand for hyphens.
    interactions
        What to split.
    seed
        0 or more; without effect on ``"global-temporal"``, which draws nothing.

    Raises
    ------
    SettingsError
        If there is no such protocol.
    SplitError
        As for the protocol.
    """
    check_choice("protocol", str(name).replace("_", "-"), list(PROTOCOLS))
    protocol = PROTOCOLS[str(name).replace("_", "-")]
    if protocol is global_temporal:
        return protocol(interactions)
    return protocol(interactions, seed=seed)


def _named(
    split: Split, kind: str, metrics: tuple[str, ...], settings: Mapping[str, object]
) -> Split:
    return replace(split, kind=kind, metrics=metrics, settings=settings)


def _warm(split: Split) -> Interactions:
    """Return the test part without users and items that have no like in the training part."""
    train, test = split.train.csr, split.test.csr
    likes = train.values > 0
    users, items = np.zeros(train.n_rows, np.bool_), np.zeros(train.n_columns, np.bool_)
    users[train.row_of_entry[likes]] = True
    items[train.indices[likes]] = True
    warm = split.test.select(users[test.row_of_entry] & items[test.indices])
    if not (warm.csr.values > 0).any():
        raise SplitError(
            "no user with a like before the cut likes an item after it that was liked before: "
            "choose another test or at, or pass keep_cold=True"
        )
    return warm
