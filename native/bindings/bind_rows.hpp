// Records of sparse rows: arrays from Python, kept alive and viewed by the core.
#pragma once

#include <optional>
#include <string>

#include "bindings.hpp"
#include "penchant/rows.hpp"

namespace penchant::bindings {

/// Row pointers, shape (n_rows + 1,), and column indices.
struct RowsRecord {
  In1<std::int64_t> indptr;
  In1<std::int32_t> indices;

  /// Throws std::invalid_argument if there are no row pointers.
  RowsRecord(In1<std::int64_t> indptr, In1<std::int32_t> indices);

  std::int64_t n_rows() const { return length(indptr) - 1; }
  Rows view() const { return {indptr.data(), indices.data(), n_rows(), length(indices)}; }

  /// The rows, if there are `n_rows` of them; else throws std::invalid_argument with `name`.
  Rows view(std::int64_t n_rows, const std::string& name) const;
};

/// Rows with a value per entry; without values, all are 1.
struct SparseMatrixRecord {
  RowsRecord rows;
  std::optional<In1<float>> values;

  /// Throws std::invalid_argument if the numbers of indices and values differ.
  SparseMatrixRecord(In1<std::int64_t> indptr, In1<std::int32_t> indices,
                     std::optional<In1<float>> values);

  const float* values_data() const { return values ? values->data() : nullptr; }
};

}  // namespace penchant::bindings
