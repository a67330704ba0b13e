"""The weights and penalties of the ALS objective, as an engine takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penchant.data.csr import Csr
from penchant.engines.base import Penalties
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
    def of(cls, settings: AlsSettings) -> Weights:
        """Return the weights that settings declare."""
        return cls(
            Confidence(settings.confidence, settings.alpha, settings.epsilon),
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
