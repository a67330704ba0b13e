"""Arguments of the native kernels, from rows and objectives of a training."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from penchant import _kernels
from penchant.data.csr import Csr
from penchant.engines.base import Objective, Penalties


def native_rows(csr: Csr, n_columns: int) -> _kernels.WeightedRows:
    """Return rows over n columns, whose bounds the kernel checks at every call."""
    return _kernels.weighted_rows(csr.indptr, csr.indices, csr.values, n_columns)


def trained_rows(
    csr: Csr, n_columns: int, whole: npt.NDArray[np.int64] | None = None
) -> _kernels.WeightedRows:
    """Return rows over n columns, whose bounds are checked once for all half steps.

    ``whole`` are the row pointers of all rows that these are a part of; None: these are all.
    """
    validated = csr.n_columns == n_columns and csr.is_validated
    return _kernels.weighted_rows(
        csr.indptr, csr.indices, csr.values, n_columns, validated=validated, whole=whole
    )


def native_objective(objective: Objective, regularization: Penalties) -> _kernels.RowObjective:
    """Return the objective of rows with these λ."""
    return _kernels.row_objective(
        regularization,
        unobserved_weight=objective.unobserved_weight,
        solver=objective.solver,
        cg_steps=objective.cg_steps,
    )
