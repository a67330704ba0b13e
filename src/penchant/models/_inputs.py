"""The values of interactions as linear, neighborhood and spectral models take them."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from penchant.data.csr import Csr

Confidence = Literal["binary", "linear", "log"]


def weighted(rows: Csr, confidence: Confidence) -> Csr:
    """Return histories with the values of X: ±1, as they are, or log(1 + size) with their sign."""
    if confidence == "linear":
        return rows
    values = rows.values
    if confidence == "binary":
        values = np.sign(values)
    else:
        values = np.copysign(np.log1p(np.abs(values)), values)
    return dataclasses.replace(rows, values=values)
