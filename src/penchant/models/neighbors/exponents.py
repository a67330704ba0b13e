"""The exponents of co-occurrence: as given, of its named forms, or by the data."""

from __future__ import annotations

from typing import NamedTuple

from penchant.data.csr import Csr
from penchant.models._density import mean_degree
from penchant.models.neighbors.settings import NeighborSettings

WALKS = ("auto", "p3alpha", "rp3beta")
"""The similarities that have exponents."""

_MOST, _SPARSE = 0.7, 22.0
_LEAST_SOURCE, _MORE_SOURCE = 0.4, 0.3


class Exponents(NamedTuple):
    """The exponents a, b and c of the degrees of sources, of columns and of targets."""

    source: float
    common: float
    target: float


def exponents_of(settings: NeighborSettings, data: Csr) -> Exponents:
    """Return the exponents of a similarity with exponents, see :data:`WALKS`.

    Parameters
    ----------
    settings
        The model; exponents that are None are chosen.
    data
        The rows that are compared, of the training data.
    """
    if settings.similarity == "auto":
        usual = Exponents(source_exponent(data), 0.7, target_exponent(data))
    else:
        usual = Exponents(0.5, 0.5, 0.3)
    own = settings.source_exponent, settings.common_exponent, settings.target_exponent
    chosen = [rule if value is None else value for value, rule in zip(own, usual, strict=True)]
    if settings.similarity == "p3alpha":
        chosen[2] = 0.0
    return Exponents(*chosen)


def target_exponent(data: Csr) -> float:
    """Return c = 0.7 (1 − 22/d), at least 0; d: see :func:`penchant.models._density.mean_degree`.

    The fewer interactions users and items have, the more of what can be predicted is popularity.
    """
    return _MOST * _density(data)


def source_exponent(data: Csr) -> float:
    """Return a = 0.4 + 0.3 (1 − 22/d), at least 0.4, see :func:`target_exponent`.

    Popular items of a user's history say little about them where there are many others.
    """
    return _LEAST_SOURCE + _MORE_SOURCE * _density(data)


def _density(data: Csr) -> float:
    return 1 - _SPARSE / max(mean_degree(data), _SPARSE)
