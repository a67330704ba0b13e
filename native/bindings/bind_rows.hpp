// Rows as they come from Python: a pair of arrays, or None.
#pragma once

#include <stdexcept>
#include <string>

#include "bindings.hpp"
#include "penchant/rows.hpp"

namespace penchant::bindings {

/// The rows [indptr[0] … indptr[n_rows]] of an index array; `indptr` has n_rows + 1 entries.
inline Rows rows_of(const In1<std::int64_t>& indptr, const In1<std::int32_t>& indices,
                    std::int64_t n_rows, const std::string& name) {
  if (static_cast<std::int64_t>(indptr.size()) != n_rows + 1) {
    throw std::invalid_argument(name + " has " + std::to_string(indptr.size()) +
                                " row pointers for " + std::to_string(n_rows) + " rows");
  }
  return {indptr.data(), indices.data(), n_rows, static_cast<std::int64_t>(indices.size())};
}

}  // namespace penchant::bindings
