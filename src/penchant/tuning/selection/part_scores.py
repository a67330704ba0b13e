"""Scores of several fitted models for the validation users, computed once for many weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.interactions import Interactions
from penchant.models._scoring.scorers import BLOCK_BYTES, BlockScorer, Scorer
from penchant.models.base import Model
from penchant.models.blend.fusion import Fusion
from penchant.tuning.selection.parts import Part, measured_part

F32 = npt.NDArray[np.float32]

SCORE_BYTES = 512 << 20
"""The most memory for the scores of all models."""


class PartScores:
    """The scaled scores of models for the users of a validation part, a sample if there are many.

    Parameters
    ----------
    part
        The validation part; models are fitted on its training part.
    n_models
        The number of models that will be added.
    fusion
        How scores are brought to one scale.
    seed
        The seed of the sample.
    most
        The most users, beside the limit of memory.
    """

    def __init__(
        self, part: Part, n_models: int, fusion: Fusion, seed: int, most: int | None = None
    ) -> None:
        room = max(1, SCORE_BYTES // (4 * n_models * max(part.split.train.n_items, 1)))
        split = measured_part(part.split, seed, room if most is None else min(room, most))
        self._part = Part(split, part.metric, part.exclude_seen)
        self._seen, self._fusion = split.seen, fusion
        self._users = np.flatnonzero(split.test.csr.row_counts)
        self._scores: dict[str, F32] = {}

    @property
    def names(self) -> list[str]:
        """The names of the models that were added."""
        return list(self._scores)

    @property
    def n_users(self) -> int:
        """The number of users whose scores are kept."""
        return len(self._users)

    def add(self, name: str, model: Model) -> None:
        """Compute and keep the scaled scores of a fitted model."""
        scorer = model.scorer(self._seen).take(self._users)
        rows, n_items = self._seen.csr.take_rows(self._users), self._seen.n_items
        scaled = np.empty((len(self._users), n_items), dtype=np.float32)
        step = max(1, BLOCK_BYTES // (8 * max(n_items, 1)))
        for start in range(0, len(scaled), step):
            span = slice(start, min(start + step, len(scaled)))
            seen = rows.indptr[span.start : span.stop + 1], rows.indices
            scaled[span] = _kernels.fused_scores([scorer.dense(span)], [1.0], self._fusion, seen)
        self._scores[name] = scaled

    def measure(self, weights: Mapping[str, float]) -> float:
        """Return the metric of the weighted sum of scores, of the models that were added."""
        total = sum(weights.values())
        shares = {name: weight / total for name, weight in weights.items() if weight > 0}
        return self._part.measure(_Sum(self._scores, shares, self._users))


@dataclass(frozen=True)
class _Sum:
    """A weighted sum of stored scores, measured like a model."""

    scores: Mapping[str, F32]
    weights: Mapping[str, float]
    users: npt.NDArray[np.int64]

    def scorer(self, interactions: Interactions) -> Scorer:
        """Return the scores of all users of the training part: NaN without stored ones."""
        n_items = interactions.n_items
        weights = list(self.weights.values())

        def block(span: slice) -> F32:
            first, last = np.searchsorted(self.users, [span.start, span.stop]).tolist()
            parts = [self.scores[name][first:last] for name in self.weights]
            sums = _kernels.fused_scores(parts, weights, "none")
            if last - first == span.stop - span.start:
                return sums
            whole = np.full((span.stop - span.start, n_items), np.nan, dtype=np.float32)
            whole[self.users[first:last] - span.start] = sums
            return whole

        return BlockScorer(interactions.n_users, n_items, block)
