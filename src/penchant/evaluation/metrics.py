r"""What each metric means: one function each, with its formula and source.

Notation, for one user u: R_u are the relevant items, those with a positive value in what is
measured on (a dislike there is an item like any other); C_u are the candidates, all items but
those masked (R_u is never masked); L_u is the list of the k best candidates, best first, of equal
scores the lower item code first. Users without relevant items are left out of everything. Where
a list is shorter than k because there are fewer candidates, it is as long as C_u.

Every function returns one number a user, float64; the metric is their mean over users, except
where a docstring says otherwise. NaN means that nothing can be said of a user, who is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from penchant.evaluation.answers import Answers, PerUser

# --- of the first k ----------------------------------------------------------------------


def precision(answers: Answers, k: int) -> PerUser:
    r"""|L_u ∩ R_u| / min(k, |C_u|): the share of the answers that are relevant.

    With k up to the number of candidates it is the usual precision at k (Manning, Raghavan,
    Schütze 2008, section 8.4); beyond, it is that of all candidates, and never above 1.
    """
    return answers.gains(k).hits / np.minimum(k, answers.n_candidates)


def recall(answers: Answers, k: int) -> PerUser:
    """|L_u ∩ R_u| / |R_u|: the share of the relevant items that are answers.

    The usual one (Manning, Raghavan, Schütze 2008, section 8.3): with more than k relevant items
    it can't reach 1. (Liang et al. 2018 divide by min(k, |R_u|) instead.)
    """
    return answers.gains(k).hits / answers.relevant.counts


def hit_rate(answers: Answers, k: int) -> PerUser:
    """1 if any of L_u is relevant, else 0 (Deshpande and Karypis 2004)."""
    return (answers.gains(k).hits > 0).astype(np.float64)


def mrr(answers: Answers, k: int) -> PerUser:
    """1 / the place, from 1, of the first relevant item in L_u; 0 if there is none.

    The reciprocal rank (Voorhees 1999, TREC-8), cut at k.
    """
    first = answers.gains(k).first
    return np.where(first > 0, 1.0 / np.maximum(first, 1), 0.0)


def average_precision(answers: Answers, k: int) -> PerUser:
    r"""Σ_{j ≤ k} [L_u,j ∈ R_u] · P_j / min(k, |R_u|), with P_j the precision at place j.

    Average precision cut at k (Manning, Raghavan, Schütze 2008, section 8.4); divided by the
    most hits there can be, so that a perfect list has 1. Its mean over users is MAP.
    """
    return answers.gains(k).precisions / np.minimum(k, answers.relevant.counts)


def ndcg(answers: Answers, k: int) -> PerUser:
    r"""DCG / ideal DCG, with DCG = Σ_{j ≤ k} [L_u,j ∈ R_u] / log2(j + 1).

    Normalized discounted cumulative gain (Järvelin and Kekäläinen 2002) with a gain of 1 for
    every relevant item, whatever its value. The ideal has its min(k, |R_u|) first places relevant.
    """
    most = np.minimum(k, answers.relevant.counts).astype(np.int64)
    ideal = np.cumsum(1.0 / np.log2(np.arange(2, most.max() + 2)))
    return answers.gains(k).dcg / ideal[most - 1]


def novelty(answers: Answers, k: int) -> PerUser:
    r"""Mean over L_u of −log2(share of the training users who like the item), in bits.

    Mean self-information (Zhou et al. 2010, PNAS 107, "surprisal"). An item that nobody likes
    in training counts as if one user did. NaN for an empty list.
    """
    indptr, items = answers.lists(k)
    counts = np.diff(indptr)
    user = np.repeat(np.arange(len(counts)), counts)
    bits = answers.training.surprise[items]
    total = np.bincount(user, weights=bits, minlength=len(counts))
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def coverage(answers: Answers, k: int) -> float:
    """|∪_u L_u| / n_items: the share of the catalog that anyone is recommended.

    A number of all users together (Herlocker et al. 2004, section 4.1, "catalog coverage"), so
    it has no value of one user and no interval; it grows with the number of users.
    """
    recommended = np.zeros(answers.query.scorer.n_items, dtype=np.bool_)
    recommended[answers.lists(k)[1]] = True
    return np.count_nonzero(recommended) / max(len(recommended), 1)


# --- of whole rankings, and of scores ----------------------------------------------------


def auc(answers: Answers) -> PerUser:
    r"""The chance that a relevant item scores above another candidate; a tie counts half.

    Σ_{i ∈ R_u} Σ_{j ∈ C_u ∖ R_u} ([s_i > s_j] + [s_i = s_j] / 2) / (|R_u| · |C_u ∖ R_u|), the area
    under the ROC curve (Rendle et al. 2009, section 4.1). NaN if all candidates are relevant.
    """
    ranks, n = answers.ranks, answers.relevant.counts
    # Any two relevant items add 1 to what their ranks count between them, tied or not.
    lost = answers.relevant.sum_by_user(ranks.above + ranks.tied / 2) - n * (n - 1) / 2
    pairs = n * (answers.n_candidates - n)
    return np.where(pairs > 0, 1.0 - lost / np.maximum(pairs, 1), np.nan)


def percentile_rank(answers: Answers) -> PerUser:
    r"""Σ_{i ∈ R_u} r_ui · rank_ui / Σ_{i ∈ R_u} r_ui: 0 at the top of the ranking, 1 at its end.

    The expected percentile rank of Hu, Koren, Volinsky 2008, section 6, as a share rather than
    in percent: rank_ui = (candidates above i + half of the others tied with it) / (|C_u| − 1). As
    there, its mean is over all of the relevant items of all users, weighted by r_ui: users weigh
    Σ_i r_ui. 0.5 is what chance gives; lower is better. NaN if there is only one candidate.
    """
    ranks, others = answers.ranks, answers.n_candidates - 1
    place = (ranks.above + ranks.tied / 2) / np.maximum(answers.relevant.of_user(others), 1)
    total = answers.relevant.sum_by_user(answers.relevant.csr.values * place)
    return np.where(others > 0, total / value(answers), np.nan)


def value(answers: Answers) -> PerUser:
    """Σ_{i ∈ R_u} r_ui: how much a user weighs in the mean percentile rank."""
    return answers.relevant.worth


def mse(answers: Answers) -> PerUser:
    r"""Σ_i (p_ui − s_ui)² / n_items over *all* items, masked ones too.

    p_ui = 1 for i ∈ R_u, else 0: for binary likes the mean squared error of the articles. Without
    any matrix: Σ_{i ∈ R_u} (1 − 2 s_ui) + Σ_i s_ui², the last sum in closed form for factors.
    It says something only of models whose scores are meant to be near p.
    """
    scores = answers.query.scorer.at(answers.relevant.csr).astype(np.float64)
    found = answers.relevant.sum_by_user(1 - 2 * scores)
    return (found + answers.query.squares) / max(answers.query.scorer.n_items, 1)


# --- by name -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A metric under its name.

    Attributes
    ----------
    function
        Called with answers, and k if ``of_lists``.
    of_lists
        Whether it looks at the first k only.
    better
        Whether a higher or a lower value is better, or neither.
    pooled
        Whether it is one number of all users together.
    weight
        What a user weighs in the mean; None: all the same.
    """

    function: Callable[..., PerUser | float]
    of_lists: bool = True
    better: str | None = "higher"
    pooled: bool = False
    weight: Callable[[Answers], PerUser] | None = None


METRICS = {
    "ndcg": Metric(ndcg),
    "precision": Metric(precision),
    "recall": Metric(recall),
    "map": Metric(average_precision),
    "mrr": Metric(mrr),
    "hit_rate": Metric(hit_rate),
    "auc": Metric(auc, of_lists=False),
    "percentile_rank": Metric(percentile_rank, of_lists=False, better="lower", weight=value),
    "mse": Metric(mse, of_lists=False, better="lower"),
    "coverage": Metric(coverage, better=None, pooled=True),
    "novelty": Metric(novelty, better=None),
}
"""Every metric by its name, in the order that tables show them."""

DEFAULT = tuple(name for name, metric in METRICS.items() if metric.of_lists)
"""What is measured unless told: all that a list of k says.

AUC and percentile rank need the place of every relevant item among all items, many times the work
of a list; MSE says nothing of models that only rank.
"""
