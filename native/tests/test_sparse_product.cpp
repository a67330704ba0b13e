// sparse_product.hpp: products compared with plain sums, for any threads.
#include "penchant/sparse_product.hpp"

#include "matrices.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// The product of dense matrices, entry by entry.
template <class T>
std::vector<T> dense(const SparseMatrix& matrix) {
  std::vector<T> out(static_cast<std::size_t>(matrix.rows.n_rows * matrix.n_columns));
  for (std::int64_t r = 0; r < matrix.rows.n_rows; ++r) {
    for (auto at = matrix.rows.indptr[r]; at < matrix.rows.indptr[r + 1]; ++at) {
      out[static_cast<std::size_t>(r * matrix.n_columns + matrix.rows.indices[at])] =
          matrix.values ? matrix.values[at] : 1;
    }
  }
  return out;
}

std::vector<double> expected_gram(const SparseMatrix& matrix) {
  const auto X = dense<double>(matrix);
  const auto n = static_cast<std::size_t>(matrix.n_columns);
  std::vector<double> out(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      for (std::size_t row = 0; row < X.size(); row += n) out[i * n + j] += X[row + i] * X[row + j];
  return out;
}

std::vector<float> expected_product(const SparseMatrix& left, const SparseMatrix& right) {
  const auto A = dense<float>(left), B = dense<float>(right);
  const auto m = static_cast<std::size_t>(left.rows.n_rows);
  const auto k = static_cast<std::size_t>(left.n_columns);
  const auto n = static_cast<std::size_t>(right.n_columns);
  std::vector<float> out(m * n);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t u = 0; u < k; ++u)
      for (std::size_t j = 0; j < n; ++j) out[i * n + j] += A[i * k + u] * B[u * n + j];
  return out;
}

// Outputs are filled with a value that no product has.
std::vector<double> gram_of(const SparseMatrix& X, int threads, const Poll& poll = {}) {
  std::vector<double> out(static_cast<std::size_t>(X.n_columns * X.n_columns), -99.0);
  sparse_gram(X, out.data(), threads, poll);
  return out;
}

void check_near(const std::vector<float>& found, const std::vector<float>& expected) {
  CHECK_EQUAL(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK_NEAR(found[i], expected[i], 1e-5);
}

}  // namespace

TEST(a_gram_matrix_is_the_sum_of_the_textbook) {
  Random random(1);
  for (const auto& [n_rows, n_columns] : {std::pair{60, 25}, {7, 300}, {1, 1}, {3, 1}}) {
    const Matrix X(n_rows, n_columns, 0.3, random);
    // products of floats are exact in double, and the order of the sums is the same
    for (const auto& matrix : {X.view(), X.ones()}) {
      for (const int threads : thread_counts) {
        CHECK(gram_of(matrix, threads) == expected_gram(matrix));
      }
    }
  }
}

TEST(a_product_is_the_sum_of_the_textbook) {
  Random random(2);
  for (const auto& [m, k, n] : {std::tuple{30, 20, 25}, {4, 9, 400}, {300, 5, 1}, {1, 1, 1}}) {
    const Matrix left(m, k, 0.4, random), right(k, n, 0.3, random);
    check_near(product_of(left.view(), right.ones(), 1),
               expected_product(left.view(), right.ones()));
    check_near(product_of(left.ones(), right.view(), 1),
               expected_product(left.ones(), right.view()));
    const auto one = product_of(left.view(), right.view(), 1);
    check_near(one, expected_product(left.view(), right.view()));
    for (const int threads : thread_counts) {
      CHECK(product_of(left.view(), right.view(), threads) == one);
    }
  }
}

TEST(some_rows_of_the_left_matrix_give_those_of_the_product) {
  Random random(3);
  const Matrix left(40, 15, 0.4, random), right(15, 30, 0.4, random);
  const auto whole = product_of(left.view(), right.view(), 2);
  auto some = left.view();
  some.rows.indptr += 13;
  some.rows.n_rows = 20;
  const std::vector<float> expected(whole.begin() + 13 * 30, whole.begin() + 33 * 30);
  CHECK(product_of(some, right.view(), 2) == expected);
}

TEST(what_is_empty_gives_nothing_or_zeros) {
  const std::vector<std::int64_t> pointers(6, 0);
  const SparseMatrix nothing{{pointers.data(), nullptr, 0, 0}, nullptr, 0};
  CHECK(gram_of(nothing, 2).empty() && product_of(nothing, nothing, 2).empty());
  const SparseMatrix zeros{{pointers.data(), nullptr, 5, 0}, nullptr, 5};
  CHECK(gram_of(zeros, 2) == std::vector<double>(25));
  CHECK(product_of(zeros, zeros, 2) == std::vector<float>(25));
}

TEST(a_poll_that_throws_stops_them) {
  Random random(4);
  const Matrix X(300, 300, 0.1, random);
  // one thread: of several, those that do not poll might finish before the first one begins
  CHECK_THROWS(Stopped, gram_of(X.view(), 1, stop_at_once));
  CHECK_THROWS(Stopped, product_of(X.view(), X.view(), 1, stop_at_once));
}
