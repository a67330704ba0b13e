// Products of sparse matrices as dense matrices.
//
// A row of a product is a weighted sum of rows of the right matrix. One thread computes it in the
// order of the columns of the left row, so the result is the same bits on any number of threads.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

/// A view of compressed sparse rows, which must be validated (check_rows): their columns rise, and
/// are below n_columns.
struct SparseMatrix {
  Rows rows;
  const float* values = nullptr;  ///< one per index; null: all are 1
  std::int64_t n_columns = 0;
};

/// Computes XᵀX, row-major n_columns × n_columns, on and below the diagonal, and 0 above it.
///
/// Products of two values are exact, and summed in double in the order of the rows. X begins with
/// entry 0; beside it this takes 12 bytes an entry while it works.
void sparse_gram(const SparseMatrix& X, double* out, int threads, const Poll& poll);

/// Computes left · right, row-major left.rows.n_rows × right.n_columns, summed in float; left has
/// as many columns as right has rows.
void sparse_product(const SparseMatrix& left, const SparseMatrix& right, float* out, int threads,
                    const Poll& poll);

}  // namespace penchant
