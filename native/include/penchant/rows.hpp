// Lists of columns, one per row: compressed sparse rows without values.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace penchant {

/// A view of rows; row r holds indices[indptr[r] … indptr[r + 1] − 1], rising.
struct Rows {
  const std::int64_t* indptr = nullptr;
  const std::int32_t* indices = nullptr;
  std::int64_t n_rows = 0;
  std::int64_t n_indices = 0;

  /// False for default-constructed rows, which mean that there are none.
  explicit operator bool() const { return indptr != nullptr; }

  std::span<const std::int32_t> operator[](std::int64_t row) const {
    return {indices + indptr[row], indices + indptr[row + 1]};
  }
};

/// Checks that all rows lie within the indices; throws std::invalid_argument with `name` if not.
void check_pointers(const Rows& rows, const std::string& name);

/// Checks also that columns rise within a row and are below n_columns.
void check_rows(const Rows& rows, std::int64_t n_columns, const std::string& name);

}  // namespace penchant
