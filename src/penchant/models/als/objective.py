"""The weights and penalties of the ALS objective: chosen from the data, or given."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from penchant.data.blocks import BlockedRows
from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.engines.base import Penalties
from penchant.models._inputs import recency_of
from penchant.models._outline import Outline
from penchant.models.als.confidence import Confidence
from penchant.models.als.settings import LAMBDA, NU, SHARE, AlsSettings, as_pair
from penchant.models.als.statistics import Statistics, rows_of_users


@dataclass(frozen=True)
class Weights:
    """Confidence, α0 and λ of the objective, all divided by the unit of the confidence.

    The fields are the settings of :class:`penchant.ALS`, the regularization as a pair for users
    and items, and the statistics of the data that they were chosen from.
    """

    confidence: Confidence
    unobserved_weight: float
    regularization: tuple[float, float]
    regularization_scaling: float
    statistics: Statistics

    @classmethod
    def of(cls, settings: AlsSettings, data: Interactions) -> Weights:
        """Return the weights that settings declare, or choose them from the training data.

        See the setting ``unobserved_share``. Chosen numbers are rounded to four digits, so that
        those of :attr:`penchant.ALS.training` give the same model.

        Raises
        ------
        DataError
            If there is a half-life and the data have no timestamps.
        """
        if isinstance(data, Outline):
            settings = with_described(settings, data.facts)
        kind = settings.confidence
        recency = recency_of(settings.half_life, data)
        kinds = ("linear", "log") if kind == "auto" else (kind,)
        statistics = Statistics.of(rows_of_users(data), kinds, settings.epsilon, recency)
        if kind == "auto":
            kind = "log" if statistics.is_uneven else "linear"
        scaling = settings.regularization_scaling
        if settings.weights_are_given:
            alpha = 1.0 if settings.alpha is None else settings.alpha
            unobserved = settings.unobserved_weight
            unobserved = 1.0 if unobserved is None else float(unobserved)
            penalty, nu = 0.01, 0.0
        else:
            alpha = _inverse(statistics.mean_sizes[kind])
            share = SHARE if settings.unobserved_share is None else settings.unobserved_share
            unobserved = _rounded(min(1.0, share * data.nnz / (data.n_users * data.n_items)))
            penalty, nu = LAMBDA, NU
        users, items = as_pair(settings.regularization)
        return cls(
            Confidence(kind, alpha, settings.epsilon, recency),
            unobserved,
            (penalty if users is None else users, penalty if items is None else items),
            nu if scaling is None else scaling,
            statistics,
        )

    def described(self) -> dict[str, Any]:
        """Return the weights as settings, by name."""
        users, items = self.regularization
        return {
            "confidence": self.confidence.kind,
            "alpha": self.confidence.alpha,
            "unobserved_weight": self.unobserved_weight,
            "regularization": users if users == items else (users, items),
            "regularization_scaling": self.regularization_scaling,
        }

    @property
    def unobserved(self) -> float:
        """α0 over the unit."""
        return self.unobserved_weight / self.confidence.unit

    def weigh(self, rows: Csr) -> Csr:
        """Return the rows with c − α0, signed by the preference, as values."""
        return self.confidence.weigh(rows)

    def confidence_delta_of(self, value: float) -> float:
        """Compute c − α0 over the unit for one value of an interaction."""
        cell = Csr(np.array([0, 1]), np.zeros(1, np.int32), np.array([value], np.float32), 1)
        return float(self.weigh(cell).values[0])

    def penalties(self, rows: Csr | BlockedRows, side: int) -> Penalties:
        """Compute λ of each row over the unit, scaled by the number of its entries.

        Parameters
        ----------
        rows
            The rows of users (side 0) or items (side 1); their values are not used.
        side
            The index of the regularization.
        """
        seen = np.asarray(
            rows.row_counts + self.unobserved_weight * rows.n_columns, dtype=np.float64
        )
        penalty = self.regularization[side] / self.confidence.unit
        return np.asarray(penalty * seen**self.regularization_scaling)


def with_described(settings: AlsSettings, described: Mapping[str, Any]) -> AlsSettings:
    """Return settings with the weights of :attr:`penchant.ALS.training`.

    Raises
    ------
    ValueError
        If they are not described so, or are out of their range.
    """
    names = {each.name for each in dataclasses.fields(Weights)} - {"statistics"} | {"alpha"}
    described = {name: value for name, value in described.items() if name != "solver"}
    if set(described) != names or described["confidence"] == "auto":
        raise ValueError(f"the weights of ALS are {', '.join(sorted(names))}")
    penalty = described["regularization"]
    pair = {"regularization": tuple(penalty)} if isinstance(penalty, list) else {}
    return settings.with_settings(unobserved_share=None, **{**described, **pair})


def _inverse(mean: float) -> float:
    """Return α with which the interactions weigh 1 on average."""
    alpha = _rounded(1 / mean) if mean > 0 else 1.0
    return alpha if 0 < alpha < math.inf else 1.0


def _rounded(value: float) -> float:
    """Round to four significant digits."""
    return float(f"{value:.4g}")
