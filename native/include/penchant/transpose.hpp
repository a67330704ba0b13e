// Transposition of compressed sparse rows by a counting sort.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

/// Transposes a matrix.
///
/// out_indptr has n_columns + 1 entries; out_indices (row numbers, rising) and out_values have as
/// many as the rows. Columns of `rows` may be in any order.
/// Throws std::invalid_argument if rows or columns are out of range. Values are float
/// or int32.
template <class T>
void transpose(const Rows& rows, const T* values, std::int64_t n_columns, std::int64_t* out_indptr,
               std::int32_t* out_indices, T* out_values, int threads, const Poll& poll);

}  // namespace penchant
