// Sparse matrices as the core takes them, from records.
#pragma once

#include <string>

#include "bind_rows.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant::bindings {

/// A view of n_rows rows over n_columns columns. Throws std::invalid_argument, with `name`, if
/// there are not so many rows, or if they are invalid and were not validated before.
inline SparseMatrix matrix_of(const SparseMatrixRecord& record, std::int64_t n_rows,
                              std::int64_t n_columns, bool validated, const std::string& name) {
  const auto rows = record.rows.view(n_rows, name);
  if (!validated) check_rows(rows, n_columns, name);
  return {rows, record.values_data(), n_columns};
}

}  // namespace penchant::bindings
