// spgemm.hpp: the numbers of sparse_product, without its zeros.
#include "penchant/spgemm.hpp"

#include <algorithm>
#include <limits>

#include "matrices.hpp"
#include "penchant/transpose.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

constexpr auto kAny = std::numeric_limits<std::int64_t>::max();

/// The product made dense; rows must rise and hold no zeros.
std::vector<float> dense_of(SparseProduct& product, std::int64_t n_rows, std::int64_t n_columns) {
  const auto nnz = static_cast<std::size_t>(product.n_entries());
  std::vector<std::int64_t> indptr(static_cast<std::size_t>(n_rows + 1));
  std::vector<std::int32_t> columns(nnz);
  std::vector<float> values(nnz);
  product.take(indptr.data(), columns.data(), values.data());
  CHECK_EQUAL(indptr.back(), static_cast<std::int64_t>(nnz));
  std::vector<float> out(static_cast<std::size_t>(n_rows * n_columns), 0.0F);
  for (std::int64_t r = 0; r < n_rows; ++r) {
    const auto begin = columns.begin() + indptr[r], end = columns.begin() + indptr[r + 1];
    CHECK(std::is_sorted(begin, end) && std::adjacent_find(begin, end) == end);
    for (auto at = indptr[r]; at < indptr[r + 1]; ++at) {
      CHECK(values[at] != 0.0F);
      out[r * n_columns + columns[at]] = values[at];
    }
  }
  return out;
}

}  // namespace

TEST(a_sparse_product_has_the_numbers_of_the_dense_one) {
  Random random(1);
  for (const auto& [n, chance] :
       {std::pair{1, 0.5}, {64, 0.3}, {65, 0.02}, {900, 0.01}, {50, 0.9}}) {
    const Matrix left(40, 20, 0.3, random), right(20, n, chance, random);
    const auto expected = product_of(left.view(), right.view());
    for (const int threads : thread_counts) {
      SparseProduct product(left.view(), right.view(), {}, kAny, threads, {});
      CHECK(dense_of(product, 40, n) == expected);
    }
    SparseProduct nonzero(expected.data(), 40, n, 2, {});
    CHECK(dense_of(nonzero, 40, n) == expected);
  }
}

TEST(excluded_entries_are_left_out) {
  Random random(2);
  const Matrix left(40, 20, 0.3, random), right(20, 70, 0.2, random);
  const auto exclude = random_lists(40, 70, 0.3, random);
  auto expected = product_of(left.view(), right.view());
  for (std::int64_t r = 0; r < 40; ++r)
    for (const auto column : exclude.row(r)) expected[r * 70 + column] = 0.0F;
  SparseProduct product(left.view(), right.view(), exclude.view(), kAny, 3, {});
  CHECK(dense_of(product, 40, 70) == expected);
}

TEST(a_product_of_too_many_entries_is_stopped) {
  Random random(3);
  const Matrix left(400, 20, 0.3, random), right(20, 70, 0.5, random);
  const SparseProduct product(left.view(), right.view(), {}, 100, 2, {});
  CHECK(product.n_entries() > 100 && product.n_entries() < 400 * 70 / 2);
}

TEST(a_symmetric_product_has_the_bits_of_any_product) {
  Random random(4);
  const std::int64_t n = 150, inner = 60;
  const Matrix left(n, inner, 0.5, random);
  const auto nnz = left.values.size();
  std::vector<std::int64_t> indptr(inner + 1);
  std::vector<std::int32_t> indices(nnz);
  std::vector<float> values(nnz);
  transpose(left.lists.view(), left.values.data(), inner, indptr.data(), indices.data(),
            values.data(), 1, {});
  const SparseMatrix right{
      {indptr.data(), indices.data(), inner, static_cast<std::int64_t>(nnz)}, values.data(), n};
  CHECK(symmetric_product_pays(left.view(), right));
  auto expected = product_of(left.view(), right);
  for (std::int64_t i = 0; i < n; ++i) expected[i * n + i] = 0.0F;
  std::vector<float> ratios;
  for (std::int64_t i = 0; i < n; ++i) ratios.push_back(i % 2 == 0 ? 1.0F : 2.0F);
  for (const int threads : thread_counts) {
    std::vector<float> out(static_cast<std::size_t>(n * n), -99.0F);
    symmetric_product(left.view(), right, nullptr, out.data(), threads, {});
    for (std::int64_t i = 0; i < n; ++i) out[i * n + i] = 0.0F;  // of no interest
    CHECK(out == expected);
    symmetric_product(left.view(), right, ratios.data(), out.data(), threads, {});
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = i + 1; j < n; ++j)
        CHECK_EQUAL(out[i * n + j], out[j * n + i] * (ratios[i] / ratios[j]));
  }
}

TEST(a_poll_that_throws_stops_it) {
  Random random(5);
  const Matrix X(300, 300, 0.1, random);
  CHECK_THROWS(Stopped, SparseProduct(X.view(), X.view(), {}, kAny, 1, stop_at_once));
}
