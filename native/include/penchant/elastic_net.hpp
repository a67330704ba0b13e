// Regression of each column of a matrix on the other columns, with L1 and L2 penalties, from the
// Gram matrix of its columns.
//
// A column is solved by one thread, in an order that depends on nothing else: the result is the
// same, bit for bit, on any number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/parallel.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant {

/// The problem of column j: over w with w_j = 0, minimize
/// ½‖x_j − Xw‖² + ½ Σ_i l2_i w_i² + l1 ‖w‖₁.
struct ElasticNet {
  double l1 = 0;                    ///< 0 or more
  const double* l2 = nullptr;       ///< above 0, one per column
  bool nonnegative = false;         ///< whether w ≥ 0
  bool gram_nonnegative = false;    ///< whether no entry of the Gram matrix is below 0
  std::int64_t max_candidates = 0;  ///< the most similar columns only; 0: all
  double tolerance = 0;             ///< the duality gap at which to stop, relative to ½‖x_j‖²
  std::int64_t max_sweeps = 0;      ///< through the weights of a column, at most
};

/// The weights of some columns, each a row of rising indices.
class ElasticNetWeights {
 public:
  /// Solves columns [begin, end). `gram` is XᵀX, both triangles, n × n.
  ///
  /// Coordinate descent with a growing working set (after Massias, Gramfort & Salmon 2018, "Celer:
  /// a fast solver for the lasso with dual extrapolation"), and covariance updates (Friedman,
  /// Hastie & Tibshirani 2010, "Regularization paths for generalized linear models via coordinate
  /// descent"). Sums are in double. Candidates are most similar by
  /// |g_ij| / √g_ii, by g_ij / √g_ii where weights are nonnegative; others than columns with
  /// entries in common are none.
  ElasticNetWeights(const SparseMatrix& gram, const ElasticNet& problem, std::int64_t begin,
                    std::int64_t end, int threads, const Poll& poll);

  /// The number of weights that are not 0.
  std::int64_t n_entries() const { return n_entries_; }

  /// The number of columns whose gap is above the tolerance after `max_sweeps`.
  std::int64_t n_unfinished() const { return n_unfinished_; }

  /// Writes end − begin + 1 row pointers, indices and values.
  void write(std::int64_t* indptr, std::int32_t* indices, float* values) const;

 private:
  struct Column {
    std::vector<std::int32_t> indices;
    std::vector<float> values;
    bool finished = false;
  };
  friend class ColumnSolver;

  std::vector<Column> columns_;
  std::int64_t n_entries_ = 0, n_unfinished_ = 0;
};

}  // namespace penchant
