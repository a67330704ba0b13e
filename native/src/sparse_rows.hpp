// One row of a product of sparse matrices, added up in a dense row.
#pragma once

#include <cstdint>

#include "penchant/sparse_product.hpp"

namespace penchant {

inline float value_at(const SparseMatrix& matrix, std::int64_t entry) {
  return matrix.values ? matrix.values[entry] : 1.0F;
}

/// Adds some entries of a row of the matrix, times a weight, to a dense row.
template <class T>
void add_entries(T weight, const SparseMatrix& matrix, std::int64_t begin, std::int64_t end,
                 T* __restrict row) {
  const auto* columns = matrix.rows.indices;
  if (const auto* values = matrix.values) {
#pragma GCC unroll 4
    for (auto entry = begin; entry < end; ++entry) {
      row[columns[entry]] += weight * static_cast<T>(values[entry]);
    }
  } else {
#pragma GCC unroll 4
    for (auto entry = begin; entry < end; ++entry) row[columns[entry]] += weight;
  }
}

/// Adds row r of left · right to a dense row, in the order of the left row's columns.
inline void add_product_row(const SparseMatrix& left, const SparseMatrix& right, std::int64_t r,
                            float* row) {
  const auto* begins = right.rows.indptr;
  for (auto at = left.rows.indptr[r]; at < left.rows.indptr[r + 1]; ++at) {
    const auto* begin = begins + left.rows.indices[at];
    add_entries(value_at(left, at), right, begin[0], begin[1], row);
  }
}

/// The number of additions that row r of left · right takes.
inline std::int64_t product_row_cost(const SparseMatrix& left, const SparseMatrix& right,
                                     std::int64_t r) {
  std::int64_t cost = 0;
  for (const auto column : left.rows[r]) {
    cost += right.rows.indptr[column + 1] - right.rows.indptr[column];
  }
  return cost;
}

}  // namespace penchant
