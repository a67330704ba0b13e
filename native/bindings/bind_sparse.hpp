// Sparse matrices as they come from Python: three arrays.
#pragma once

#include <nanobind/stl/optional.h>

#include <optional>

#include "bind_rows.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant::bindings {

using SparseValues = std::optional<In1<float>>;

/// n_rows rows over n_columns columns; without values all are 1.
inline SparseMatrix matrix_of(const In1<std::int64_t>& indptr, const In1<std::int32_t>& indices,
                              const SparseValues& values, std::int64_t n_rows,
                              std::int64_t n_columns, bool validated, const std::string& name) {
  if (values && values->size() != indices.size()) {
    throw std::invalid_argument(name + " has other numbers of indices and values");
  }
  const auto rows = rows_of(indptr, indices, n_rows, name);
  if (!validated) check_rows(rows, n_columns, name);
  return {rows, values ? values->data() : nullptr, n_columns};
}

}  // namespace penchant::bindings
