#include "penchant/transpose.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 1 << 12;  // between two polls

/// Splits rows into groups of about equal numbers of entries; returns their bounds.
std::vector<std::int64_t> group_rows(const Rows& rows, std::int64_t n_groups) {
  const auto* first = rows.indptr;
  const auto nnz = first[rows.n_rows] - first[0];
  std::vector<std::int64_t> begins{0};
  for (std::int64_t g = 1; g < n_groups; ++g) {
    const auto share = first[0] + nnz / n_groups * g;
    begins.push_back(std::lower_bound(first, first + rows.n_rows, share) - first);
  }
  begins.push_back(rows.n_rows);
  return begins;
}

/// Counts the entries of each column in some rows; throws if a column is out of range.
void count_columns(const Rows& rows, std::int64_t begin, std::int64_t end, std::int64_t n_columns,
                   std::vector<std::int64_t>& counts) {
  for (auto row = begin; row < end; ++row) {
    for (const std::int64_t column : rows[row]) {
      if (column < 0 || column >= n_columns) {
        throw std::invalid_argument("row " + std::to_string(row) + " holds column " +
                                    std::to_string(column) + " of " + std::to_string(n_columns));
      }
      ++counts[static_cast<std::size_t>(column)];
    }
  }
}

/// Turns counts into places, group after group within a column, so that rows rise.
void place(std::vector<std::vector<std::int64_t>>& counts, std::int64_t n_columns,
           std::int64_t* indptr) {
  indptr[0] = 0;
  for (std::int64_t column = 0; column < n_columns; ++column) {
    auto at = indptr[column];
    for (auto& of_group : counts) {
      const auto count = of_group[static_cast<std::size_t>(column)];
      of_group[static_cast<std::size_t>(column)] = at;
      at += count;
    }
    indptr[column + 1] = at;
  }
}

}  // namespace

template <class T>
void transpose(const Rows& rows, const T* values, std::int64_t n_columns, std::int64_t* out_indptr,
               std::int32_t* out_indices, T* out_values, int threads, const Poll& poll) {
  check_pointers(rows, "the matrix");
  if (rows.n_rows > std::numeric_limits<std::int32_t>::max()) {
    throw std::invalid_argument("the matrix has " + std::to_string(rows.n_rows) +
                                " rows; at most 2^31 - 1 can be transposed");
  }
  // each group has its own counts: together they take no more memory than the entries
  const auto nnz = rows.indptr[rows.n_rows] - rows.indptr[0];
  const auto worth = std::max<std::int64_t>(1, nnz / std::max<std::int64_t>(n_columns, 1));
  const auto n_groups = std::min<std::int64_t>(threads, worth);
  const auto begins = group_rows(rows, n_groups);
  std::vector<std::vector<std::int64_t>> places(static_cast<std::size_t>(n_groups));

  const auto walk = [&](auto&& body) {
    parallel_for(
        n_groups, threads,
        [&](std::int64_t g, int worker) {
          for (auto row = begins[g]; row < begins[g + 1]; row += kRowsAtOnce) {
            body(row, std::min(row + kRowsAtOnce, begins[g + 1]), places[g]);
            if (worker == 0 && poll) poll();
          }
        },
        poll);
  };
  for (auto& counts : places) counts.assign(static_cast<std::size_t>(n_columns), 0);
  walk([&](std::int64_t begin, std::int64_t end, std::vector<std::int64_t>& counts) {
    count_columns(rows, begin, end, n_columns, counts);
  });
  place(places, n_columns, out_indptr);
  walk([&](std::int64_t begin, std::int64_t end, std::vector<std::int64_t>& next) {
    for (auto row = begin; row < end; ++row) {
      for (auto entry = rows.indptr[row]; entry < rows.indptr[row + 1]; ++entry) {
        const auto to = next[static_cast<std::size_t>(rows.indices[entry])]++;
        out_indices[to] = static_cast<std::int32_t>(row);
        out_values[to] = values[entry];
      }
    }
  });
}

template void transpose(const Rows&, const float*, std::int64_t, std::int64_t*, std::int32_t*,
                        float*, int, const Poll&);
template void transpose(const Rows&, const std::int32_t*, std::int64_t, std::int64_t*,
                        std::int32_t*, std::int32_t*, int, const Poll&);

}  // namespace penchant
