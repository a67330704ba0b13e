// The candidates of a top-k search, as rows from Python.
#pragma once

#include "bind_rows.hpp"

namespace penchant::bindings {

/// The items that each query must not get and, where given, the only ones that it may get.
struct Candidates {
  Rows exclude, allow;

  /// Throws std::invalid_argument if rows do not fit the queries and items.
  Candidates(const RowsRecord& exclude, const RowsRecord* allow, std::int64_t n_queries,
             std::int64_t n_items);
};

}  // namespace penchant::bindings
