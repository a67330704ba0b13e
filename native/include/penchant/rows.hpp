// Lists of columns, one a row: what compressed sparse rows are without their values.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace penchant {

/// A view; row r holds indices[indptr[r] … indptr[r + 1] − 1], rising.
struct Rows {
  const std::int64_t* indptr = nullptr;
  const std::int32_t* indices = nullptr;
  std::int64_t n_rows = 0;
  std::int64_t n_indices = 0;

  /// False for a default one, which stands for "not given".
  explicit operator bool() const { return indptr != nullptr; }

  std::span<const std::int32_t> operator[](std::int64_t row) const {
    return {indices + indptr[row], indices + indptr[row + 1]};
  }
};

/// Throws std::invalid_argument, with `name` in its message, unless the rows lie within indices.
void check_pointers(const Rows& rows, const std::string& name);

/// The same, unless they also hold columns below n_columns that rise within a row.
void check_rows(const Rows& rows, std::int64_t n_columns, const std::string& name);

}  // namespace penchant
