"""The only importer of the native extension: checks dtype, shape and order, then calls.

Every function here takes and returns NumPy arrays. Native code never sees an array that was
not checked here, lets go of the GIL while it works, and stops at Ctrl-C between chunks.
"""

from __future__ import annotations

from tacit.kernels.common import available_isas, current_isa, set_isa, thread_count
from tacit.kernels.ingest import (
    POLICIES,
    Merged,
    RowCounts,
    RowLog,
    Survey,
    survey,
    transpose,
)
from tacit.kernels.ranking import (
    RANKING_LOSSES,
    Learned,
    RankingSettings,
    ranking_epoch,
    ranking_fold_in,
    ranking_table,
)
from tacit.kernels.scores import (
    FactorIndex,
    Rows,
    dense_ranks,
    dense_top_k,
    factor_cells,
    factor_index,
    factor_ranks,
    factor_top_k,
    list_gains,
    resampled_sums,
)
from tacit.kernels.solve import (
    FACTOR_DTYPES,
    SOLVERS,
    Remembered,
    extrapolate,
    fold_in,
    gram,
    half_step,
    lay_out,
    observed_loss,
    remember,
)
from tacit.kernels.sparse import SparseRows, sparse_gram, sparse_product

__all__ = [
    "FACTOR_DTYPES",
    "POLICIES",
    "RANKING_LOSSES",
    "SOLVERS",
    "FactorIndex",
    "Learned",
    "Merged",
    "RankingSettings",
    "Remembered",
    "RowCounts",
    "RowLog",
    "Rows",
    "SparseRows",
    "Survey",
    "available_isas",
    "current_isa",
    "dense_ranks",
    "dense_top_k",
    "extrapolate",
    "factor_cells",
    "factor_index",
    "factor_ranks",
    "factor_top_k",
    "fold_in",
    "gram",
    "half_step",
    "lay_out",
    "list_gains",
    "observed_loss",
    "ranking_epoch",
    "ranking_fold_in",
    "ranking_table",
    "remember",
    "resampled_sums",
    "set_isa",
    "sparse_gram",
    "sparse_product",
    "survey",
    "thread_count",
    "transpose",
]
