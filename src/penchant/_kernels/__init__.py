"""The only importer of the native extension: checks dtype, shape and order, then calls.

Every module here is the facade of one header in ``native/include/penchant`` and has its name;
``arrays`` and ``aligned`` check arrays and lay them out. Native code never sees an array that was
not checked here. It releases the GIL while it works and stops at Ctrl-C between chunks.
"""

from __future__ import annotations

from penchant._kernels.aligned import FACTOR_DTYPES, align_rows, padded_rows
from penchant._kernels.block_product import block_product
from penchant._kernels.bootstrap import bootstrap_sums
from penchant._kernels.cooccurrence import CommonWeights, nearest_by_cooccurrence
from penchant._kernels.elastic_net import ElasticNet, elastic_net
from penchant._kernels.fused_scores import FUSIONS, fused_scores
from penchant._kernels.isa import available_isas, current_isa, set_isa
from penchant._kernels.log_reader import MERGE_POLICIES, LineCounts, LogReader, Merged
from penchant._kernels.metrics import ranking_gains
from penchant._kernels.momentum import QuantizedFactors, extrapolate, quantize_previous
from penchant._kernels.parallel import thread_count
from penchant._kernels.pruned_topk import FactorIndex, factor_index, factor_top_k
from penchant._kernels.ranking import (
    RANKING_LOSSES,
    RankingFoldIn,
    RankingSettings,
    RankingSide,
    ranking_epoch,
    ranking_fold_in,
    ranking_table,
)
from penchant._kernels.ranks import dense_ranks, factor_ranks
from penchant._kernels.rows import Rows
from penchant._kernels.scan import Scan, scan
from penchant._kernels.scores import factor_scores, score_pairs
from penchant._kernels.solve import (
    SOLVERS,
    RowObjective,
    WeightedRows,
    count_exact_rows,
    fold_in,
    gram,
    half_step,
    observed_loss,
    rotate,
    row_objective,
    solve_rotated,
    weighted_rows,
    whitened_half_step,
)
from penchant._kernels.sparse_product import SparseRows, sparse_gram, sparse_product
from penchant._kernels.sparse_scores import SparseScores, sparse_ranks, sparse_top_k
from penchant._kernels.spgemm import nonzero_entries, spgemm, symmetric_product
from penchant._kernels.topk import dense_top_k
from penchant._kernels.transpose import transpose

__all__ = [
    "FACTOR_DTYPES",
    "FUSIONS",
    "MERGE_POLICIES",
    "RANKING_LOSSES",
    "SOLVERS",
    "CommonWeights",
    "ElasticNet",
    "FactorIndex",
    "LineCounts",
    "LogReader",
    "Merged",
    "QuantizedFactors",
    "RankingFoldIn",
    "RankingSettings",
    "RankingSide",
    "RowObjective",
    "Rows",
    "Scan",
    "SparseRows",
    "SparseScores",
    "WeightedRows",
    "align_rows",
    "available_isas",
    "block_product",
    "bootstrap_sums",
    "count_exact_rows",
    "current_isa",
    "dense_ranks",
    "dense_top_k",
    "elastic_net",
    "extrapolate",
    "factor_index",
    "factor_ranks",
    "factor_scores",
    "factor_top_k",
    "fold_in",
    "fused_scores",
    "gram",
    "half_step",
    "nearest_by_cooccurrence",
    "nonzero_entries",
    "observed_loss",
    "padded_rows",
    "quantize_previous",
    "ranking_epoch",
    "ranking_fold_in",
    "ranking_gains",
    "ranking_table",
    "rotate",
    "row_objective",
    "scan",
    "score_pairs",
    "set_isa",
    "solve_rotated",
    "sparse_gram",
    "sparse_product",
    "sparse_ranks",
    "sparse_top_k",
    "spgemm",
    "symmetric_product",
    "thread_count",
    "transpose",
    "weighted_rows",
    "whitened_half_step",
]
