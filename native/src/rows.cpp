#include "penchant/rows.hpp"

#include <stdexcept>

namespace penchant {

void check_pointers(const Rows& rows, const std::string& name) {
  for (std::int64_t r = 0; r < rows.n_rows; ++r) {
    const auto begin = rows.indptr[r], end = rows.indptr[r + 1];
    if (begin < 0 || end < begin || end > rows.n_indices) {
      throw std::invalid_argument(name + ": row " + std::to_string(r) +
                                  " does not lie within the indices");
    }
  }
}

void check_rows(const Rows& rows, std::int64_t n_columns, const std::string& name) {
  check_pointers(rows, name);
  for (std::int64_t r = 0; r < rows.n_rows; ++r) {
    std::int64_t last = -1;
    for (auto entry = rows.indptr[r]; entry < rows.indptr[r + 1]; ++entry) {
      const std::int64_t column = rows.indices[entry];
      if (column <= last || column >= n_columns) {
        throw std::invalid_argument(name + ": row " + std::to_string(r) + " holds column " +
                                    std::to_string(column) + " after " + std::to_string(last) +
                                    "; columns must rise and be below " +
                                    std::to_string(n_columns));
      }
      last = column;
    }
  }
}

}  // namespace penchant
