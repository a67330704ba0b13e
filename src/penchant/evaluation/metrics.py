r"""Evaluation metrics: one function each, with its formula and source.

Notation, for one user u: R_u are the relevant items, those with a positive value in the evaluated
part (an item with a negative value there is not relevant); C_u are the candidates, all items but
the masked ones (R_u is never masked), or those of the user's list, of which R_u is a part then; L_u
is the list of the k best candidates, best first; ties go to the lower item code. Users without
relevant items are left out. With fewer than k candidates, the list is as long as C_u.

Every function returns one number per user, float64; the metric is their mean over users, except
where a docstring says otherwise. NaN: undefined for this user, who is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from penchant.evaluation.predictions import PerUser, Predictions

__all__ = [
    "Metric",
    "auc",
    "average_precision",
    "coverage",
    "hit_rate",
    "mrr",
    "mse",
    "ndcg",
    "novelty",
    "percentile_rank",
    "precision",
    "recall",
    "recall_truncated",
    "total_value",
]

# --- metrics of top-k lists ---------------------------------------------------------------


def precision(predictions: Predictions, k: int) -> PerUser:
    r"""|L_u ∩ R_u| / min(k, |C_u|): the share of the recommended items that are relevant.

    For k up to the number of candidates, the usual precision at k (Manning, Raghavan, Schütze
    2008, section 8.4); beyond, the precision of all candidates, which is never above 1.
    """
    return predictions.gains(k).hits / np.minimum(k, predictions.n_candidates)


def recall(predictions: Predictions, k: int) -> PerUser:
    """|L_u ∩ R_u| / |R_u|: the share of the relevant items that are recommended.

    The usual definition (Manning, Raghavan, Schütze 2008, section 8.3): with more than k relevant
    items it can't reach 1. That of the articles on graph networks (NGCF, LightGCN). Others divide
    by min(k, |R_u|): :func:`recall_truncated`.
    """
    return predictions.gains(k).hits / predictions.relevant.counts


def recall_truncated(predictions: Predictions, k: int) -> PerUser:
    r"""|L_u ∩ R_u| / min(k, |R_u|): the share of the possible hits.

    The "recall" of Liang et al. 2018 ("Variational autoencoders for collaborative filtering") and
    of the articles that follow its protocol, also known as truncated precision and as calibrated
    recall. It equals :func:`recall` for users with up to k relevant items, and
    :func:`precision` for the others.
    """
    return predictions.gains(k).hits / np.minimum(k, predictions.relevant.counts)


def hit_rate(predictions: Predictions, k: int) -> PerUser:
    """1 if any of L_u is relevant, else 0 (Deshpande and Karypis 2004)."""
    return (predictions.gains(k).hits > 0).astype(np.float64)


def mrr(predictions: Predictions, k: int) -> PerUser:
    """1 / the rank, from 1, of the first relevant item in L_u; 0 if there is none.

    The reciprocal rank (Voorhees 1999, TREC-8), truncated at k.
    """
    first = predictions.gains(k).first
    return np.where(first > 0, 1.0 / np.maximum(first, 1), 0.0)


def average_precision(predictions: Predictions, k: int) -> PerUser:
    r"""Σ_{j ≤ k} [L_u,j ∈ R_u] · P_j / min(k, |R_u|), with P_j the precision at rank j.

    Average precision truncated at k (Manning, Raghavan, Schütze 2008, section 8.4), divided by
    the largest possible number of hits, so that a perfect list has 1. Its mean over users is MAP.
    """
    return predictions.gains(k).precisions / np.minimum(k, predictions.relevant.counts)


def ndcg(predictions: Predictions, k: int) -> PerUser:
    r"""DCG / ideal DCG, with DCG = Σ_{j ≤ k} [L_u,j ∈ R_u] / log2(j + 1).

    Normalized discounted cumulative gain (Järvelin and Kekäläinen 2002) with a gain of 1 for
    every relevant item, whatever its value. In the ideal list the first min(k, |R_u|) items are
    relevant.
    """
    max_hits = np.minimum(k, predictions.relevant.counts).astype(np.int64)
    ideal = np.cumsum(1.0 / np.log2(np.arange(2, max_hits.max() + 2)))
    return predictions.gains(k).dcg / ideal[max_hits - 1]


def novelty(predictions: Predictions, k: int) -> PerUser:
    r"""Mean over L_u of −log2(share of the training users who like the item), in bits.

    Mean self-information (Zhou et al. 2010, PNAS 107, "surprisal"). An item without likes in
    training counts as if one user liked it. NaN for an empty list.
    """
    indptr, items = predictions.lists(k)
    counts = np.diff(indptr)
    user = np.repeat(np.arange(len(counts)), counts)
    bits = predictions.training.self_information[items]
    total = np.bincount(user, weights=bits, minlength=len(counts))
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def coverage(predictions: Predictions, k: int) -> float:
    """|∪_u L_u| / n_items: the share of the catalog that is recommended to any user.

    One number for all users together (Herlocker et al. 2004, section 4.1, "catalog coverage"),
    without values per user and without an interval; it grows with the number of users.
    """
    recommended = np.zeros(predictions.scores.scorer.n_items, dtype=np.bool_)
    recommended[predictions.lists(k)[1]] = True
    return np.count_nonzero(recommended) / max(len(recommended), 1)


# --- metrics of full rankings and of scores ---------------------------------------------


def auc(predictions: Predictions) -> PerUser:
    r"""Probability that a relevant item scores above another candidate; a tie counts half.

    Σ_{i ∈ R_u} Σ_{j ∈ C_u ∖ R_u} ([s_i > s_j] + [s_i = s_j] / 2) / (|R_u| · |C_u ∖ R_u|), the area
    under the ROC curve (Rendle et al. 2009, section 4.1). NaN if all candidates are relevant.
    """
    ranks, n = predictions.ranks, predictions.relevant.counts
    # the ranks also count pairs of relevant items, each pair once, tied or not
    lost = predictions.relevant.sum_by_user(ranks.above + ranks.tied / 2) - n * (n - 1) / 2
    pairs = n * (predictions.n_candidates - n)
    return np.where(pairs > 0, 1.0 - lost / np.maximum(pairs, 1), np.nan)


def percentile_rank(predictions: Predictions) -> PerUser:
    r"""Σ_{i ∈ R_u} r_ui · rank_ui / Σ_{i ∈ R_u} r_ui: 0 at the top of the ranking, 1 at its end.

    The expected percentile rank of Hu, Koren, Volinsky 2008, section 6, as a share rather than
    in percent: rank_ui = (candidates above i + half of the others tied with it) / (|C_u| − 1). As
    there, the mean is over all relevant items of all users, weighted by r_ui: the weight of a
    user is Σ_i r_ui. A random ranking has 0.5; lower is better. NaN with only one candidate.
    """
    ranks, others = predictions.ranks, predictions.n_candidates - 1
    rank = (ranks.above + ranks.tied / 2) / np.maximum(
        predictions.relevant.repeat_by_user(others), 1
    )
    total = predictions.relevant.sum_by_user(predictions.relevant.csr.values * rank)
    return np.where(others > 0, total / total_value(predictions), np.nan)


def total_value(predictions: Predictions) -> PerUser:
    """Σ_{i ∈ R_u} r_ui: the weight of a user in the mean percentile rank."""
    return predictions.relevant.total_values


def mse(predictions: Predictions) -> PerUser:
    r"""Σ_i (p_ui − s_ui)² / n_items over *all* items, including masked ones.

    p_ui = 1 for i ∈ R_u, else 0: for binary likes the mean squared error of the articles.
    Computed as Σ_{i ∈ R_u} (1 − 2 s_ui) + Σ_i s_ui², the last sum in closed form for factors.
    Meaningful only for models whose scores approximate p.
    """
    scores = predictions.scores.scorer.at(predictions.relevant.csr).astype(np.float64)
    relevant_part = predictions.relevant.sum_by_user(1 - 2 * scores)
    n_items = max(predictions.scores.scorer.n_items, 1)
    return (relevant_part + predictions.scores.sum_of_squares) / n_items


# --- registry ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A metric and its properties.

    Attributes
    ----------
    function
        Called with predictions, and with k if ``of_lists``.
    of_lists
        Whether it is a metric of top-k lists.
    better
        ``"higher"`` or ``"lower"``; None if neither is better.
    pooled
        Whether it is one number for all users together.
    weight
        Returns the weight of each user in the mean; None: equal weights.
    """

    function: Callable[..., PerUser | float]
    of_lists: bool = True
    better: str | None = "higher"
    pooled: bool = False
    weight: Callable[[Predictions], PerUser] | None = None


METRICS = {
    "ndcg": Metric(ndcg),
    "precision": Metric(precision),
    "recall": Metric(recall),
    "recall_truncated": Metric(recall_truncated),
    "map": Metric(average_precision),
    "mrr": Metric(mrr),
    "hit_rate": Metric(hit_rate),
    "auc": Metric(auc, of_lists=False),
    "percentile_rank": Metric(percentile_rank, of_lists=False, better="lower", weight=total_value),
    "mse": Metric(mse, of_lists=False, better="lower"),
    "coverage": Metric(coverage, better=None, pooled=True),
    "novelty": Metric(novelty, better=None),
}
"""All metrics by name, in the order of tables."""

DEFAULT = tuple(
    name for name, metric in METRICS.items() if metric.of_lists and name != "recall_truncated"
)
"""The metrics measured by default: those of top-k lists, with one of the two recalls.

AUC and percentile rank need the rank of every relevant item among all items, which takes many
times longer; MSE is meaningless for models that only rank.
"""


def metric_of(name: str) -> Metric:
    """Return the metric of a full name, such as ``"ndcg@10"``."""
    return METRICS[name.partition("@")[0]]
