"""The only importer of the native extension: checks dtype, shape and order, then calls.

Every function here takes and returns NumPy arrays. Native code never sees an array that was
not checked here, lets go of the GIL while it works, and stops at Ctrl-C between chunks.
"""

from __future__ import annotations

from penchant._kernels.common import available_isas, current_isa, set_isa, thread_count
from penchant._kernels.ingest import (
    POLICIES,
    LogReader,
    Merged,
    RowCounts,
    Scan,
    survey,
    transpose,
)
from penchant._kernels.ranking import (
    RANKING_LOSSES,
    Learned,
    RankingSettings,
    ranking_epoch,
    ranking_fold_in,
    ranking_table,
)
from penchant._kernels.scores import (
    FactorIndex,
    Rows,
    bootstrap_sums,
    dense_ranks,
    dense_top_k,
    factor_index,
    factor_ranks,
    factor_top_k,
    ranking_gains,
    score_pairs,
)
from penchant._kernels.solve import (
    FACTOR_DTYPES,
    SOLVERS,
    QuantizedFactors,
    align_rows,
    extrapolate,
    fold_in,
    gram,
    half_step,
    observed_loss,
    quantize_previous,
)
from penchant._kernels.sparse import SparseRows, sparse_gram, sparse_product
from penchant._kernels.sparse_scores import (
    nonzero_entries,
    sparse_ranks,
    sparse_top_k,
    spgemm,
    symmetric_product,
)

__all__ = [
    "FACTOR_DTYPES",
    "POLICIES",
    "RANKING_LOSSES",
    "SOLVERS",
    "FactorIndex",
    "Learned",
    "LogReader",
    "Merged",
    "QuantizedFactors",
    "RankingSettings",
    "RowCounts",
    "Rows",
    "Scan",
    "SparseRows",
    "align_rows",
    "available_isas",
    "bootstrap_sums",
    "current_isa",
    "dense_ranks",
    "dense_top_k",
    "extrapolate",
    "factor_index",
    "factor_ranks",
    "factor_top_k",
    "fold_in",
    "gram",
    "half_step",
    "nonzero_entries",
    "observed_loss",
    "quantize_previous",
    "ranking_epoch",
    "ranking_fold_in",
    "ranking_gains",
    "ranking_table",
    "score_pairs",
    "set_isa",
    "sparse_gram",
    "sparse_product",
    "sparse_ranks",
    "sparse_top_k",
    "spgemm",
    "survey",
    "symmetric_product",
    "thread_count",
    "transpose",
]
