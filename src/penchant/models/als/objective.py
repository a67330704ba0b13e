"""The weights and penalties of the ALS objective, as an engine takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penchant.data.csr import Csr
from penchant.data.interactions import Interactions
from penchant.engines.base import Penalties
from penchant.models._inputs import recency_of
from penchant.models.als.confidence import Confidence
from penchant.models.als.settings import AlsSettings


@dataclass(frozen=True)
class Weights:
    """Confidence, α0 and λ of the objective, all divided by the unit of the confidence.

    The fields are the settings of :class:`penchant.ALS`, the regularization as a pair for users
    and items.
    """

    confidence: Confidence
    unobserved_weight: float
    regularization: tuple[float, float]
    regularization_scaling: float

    @classmethod
    def of(cls, settings: AlsSettings, data: Interactions) -> Weights:
        """Return the weights that settings declare, for a model that is fitted on some data.

        Raises
        ------
        DataError
            If there is a half-life and the data have no timestamps.
        """
        recency = recency_of(settings.half_life, data)
        return cls(
            Confidence(settings.confidence, settings.alpha, settings.epsilon, recency),
            settings.unobserved_weight,
            settings.regularizations(),
            settings.regularization_scaling,
        )

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

    def penalties(self, rows: Csr, side: int) -> Penalties:
        """Compute λ of each row over the unit, scaled by the number of its entries.

        Parameters
        ----------
        rows
            The rows of users (side 0) or items (side 1).
        side
            The index of the regularization.
        """
        seen = np.asarray(
            rows.row_counts + self.unobserved_weight * rows.n_columns, dtype=np.float64
        )
        penalty = self.regularization[side] / self.confidence.unit
        return np.asarray(penalty * seen**self.regularization_scaling)
