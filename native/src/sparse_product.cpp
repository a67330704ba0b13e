#include "penchant/sparse_product.hpp"

#include <algorithm>

#include "penchant/memory.hpp"
#include "penchant/transpose.hpp"
#include "sparse_rows.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kCellsAtOnce = 1 << 14;  // of the product, between two polls

/// Fills every row of a dense matrix with zeros and calls sum(number, row).
template <class T, class Sum>
void each_row(std::int64_t n_rows, std::int64_t n_columns, T* out, int threads, const Poll& poll,
              const Sum& sum) {
  const auto at_once =
      std::max(kCellsAtOnce / std::max<std::int64_t>(1, n_columns), std::int64_t{1});
  parallel_for((n_rows + at_once - 1) / at_once, threads,
               [&](std::int64_t chunk, int) {
                 const auto end = std::min(n_rows, (chunk + 1) * at_once);
                 for (auto r = chunk * at_once; r < end; ++r) {
                   T* row = out + r * n_columns;
                   std::fill_n(row, n_columns, T{0});
                   sum(r, row);
                 }
               },
               poll);
}

/// The rows of each column, and the number of entries of the row up to and including that column.
struct Columns {
  Buffer<std::int64_t> indptr;
  Buffer<std::int32_t> rows, places;
};

Columns columns_of(const SparseMatrix& X, int threads, const Poll& poll) {
  const auto* indptr = X.rows.indptr;
  const auto nnz = indptr[X.rows.n_rows];
  const auto places = make_buffer<std::int32_t>(nnz);
  auto* next = places.get();
  for (std::int64_t r = 0; r < X.rows.n_rows; ++r) {
    const auto count = static_cast<std::int32_t>(indptr[r + 1] - indptr[r]);
    for (std::int32_t place = 1; place <= count; ++place) *next++ = place;
  }
  Columns out{make_buffer<std::int64_t>(X.n_columns + 1), make_buffer<std::int32_t>(nnz),
              make_buffer<std::int32_t>(nnz)};
  transpose(X.rows, places.get(), X.n_columns, out.indptr.get(), out.rows.get(), out.places.get(),
            threads, poll);
  return out;
}

}  // namespace

void sparse_gram(const SparseMatrix& X, double* out, int threads, const Poll& poll) {
  const auto columns = columns_of(X, threads, poll);
  each_row(X.n_columns, X.n_columns, out, threads, poll, [&](std::int64_t column, double* row) {
    const auto end = columns.indptr[column + 1];
    for (auto at = columns.indptr[column]; at < end; ++at) {
      const auto begin = X.rows.indptr[columns.rows[at]], stop = begin + columns.places[at];
      add_entries(static_cast<double>(value_at(X, stop - 1)), X, begin, stop, row);
    }
  });
}

void sparse_product(const SparseMatrix& left, const SparseMatrix& right, float* out, int threads,
                    const Poll& poll) {
  each_row(left.rows.n_rows, right.n_columns, out, threads, poll,
           [&](std::int64_t r, float* row) { add_product_row(left, right, r, row); });
}

}  // namespace penchant
