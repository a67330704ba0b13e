"""The values of interactions as models take them: by their confidence, and by their age."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Literal

import numpy as np

from penchant._settings.times import check_duration
from penchant.data.csr import Csr
from penchant.data.decay import NEEDS_TIMES, Recency
from penchant.data.interactions import Interactions
from penchant.errors import DataError

Confidence = Literal["binary", "linear", "log"]


class WeighsByAge(ABC):
    """A model with the settings ``confidence`` and ``half_life``; it is no model itself."""

    confidence: Confidence
    half_life: float | str | None

    @property
    @abstractmethod
    def _trained_on(self) -> Interactions:
        """The data that the model was fitted on."""

    def _weighted(self, rows: Csr, data: Interactions | None = None) -> Csr:
        """Return histories with the values of X.

        Parameters
        ----------
        rows
            Histories; entries without times are as new as the newest interaction.
        data
            The training data, to whose newest interaction ages are counted; None: that of the
            fitted model.
        """
        data = self._trained_on if data is None else data
        return weighted(rows, self.confidence, recency_of(self.half_life, data))


def recency_of(half_life: float | str | None, data: Interactions) -> Recency | None:
    """Return how interactions weigh by age in a model fitted on some data; None: all alike.

    Raises
    ------
    DataError
        If the data have no timestamps.
    """
    if half_life is None:
        return None
    if data.newest is None:
        raise DataError(f"half_life= {NEEDS_TIMES}")
    return Recency(check_duration("half_life", half_life), data.newest)


def weighted(rows: Csr, confidence: Confidence, recency: Recency | None = None) -> Csr:
    """Return histories with the values of X.

    They are ±1, as they are, or log(1 + size) with their sign; times the weight of their age.
    """
    ages = None if recency is None else recency.weights(rows)
    if confidence == "linear" and ages is None:
        return rows
    values = rows.values
    if confidence == "binary":
        values = np.sign(values)
    elif confidence == "log":
        values = np.copysign(np.log1p(np.abs(values)), values)
    if ages is not None:
        values = (values * ages).astype(np.float32)
    return dataclasses.replace(rows, values=values)
