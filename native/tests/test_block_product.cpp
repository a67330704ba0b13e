// block_product.hpp: the sums of the textbook, whatever the threads and the width of the block.
#include "penchant/block_product.hpp"

#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Problem {
  Lists lists;
  std::vector<float> values;
  std::int64_t n_columns;

  Problem(std::int64_t n_rows, std::int64_t n_columns, Random& random)
      : lists(random_lists(n_rows, n_columns, 0.3, random)),
        values(random.numbers<float>(static_cast<std::int64_t>(lists.indices.size()))),
        n_columns(n_columns) {}

  SparseMatrix view(bool ones) const {
    return {lists.view(), ones ? nullptr : values.data(), n_columns};
  }
};

template <class T>
std::vector<T> product_of(const SparseMatrix& matrix, const std::vector<T>& block, int threads,
                          const Poll& poll = {}) {
  const auto width = static_cast<std::int64_t>(block.size()) / matrix.n_columns;
  std::vector<T> out(static_cast<std::size_t>(matrix.rows.n_rows * width), T{-99});
  block_product(matrix, block.data(), width, out.data(), threads, poll);
  return out;
}

template <class T>
std::vector<T> expected_product(const SparseMatrix& matrix, const std::vector<T>& block) {
  const auto width = static_cast<std::int64_t>(block.size()) / matrix.n_columns;
  std::vector<T> out(static_cast<std::size_t>(matrix.rows.n_rows * width));
  for (std::int64_t r = 0; r < matrix.rows.n_rows; ++r)
    for (auto at = matrix.rows.indptr[r]; at < matrix.rows.indptr[r + 1]; ++at)
      for (std::int64_t j = 0; j < width; ++j)
        out[static_cast<std::size_t>(r * width + j)] +=
            static_cast<T>(matrix.values ? matrix.values[at] : 1) *
            block[static_cast<std::size_t>(matrix.rows.indices[at] * width + j)];
  return out;
}

template <class T>
void check_products() {
  Random random(1);
  const Problem problem(100, 40, random);
  for (const std::int64_t width : {1, 7, 32, 200}) {
    const auto block = random.numbers<T>(problem.n_columns * width);
    for (const bool ones : {false, true}) {
      const auto matrix = problem.view(ones);
      const auto first = product_of(matrix, block, 1);
      const auto expected = expected_product(matrix, block);
      CHECK_EQUAL(first.size(), expected.size());
      for (std::size_t i = 0; i < first.size(); ++i) CHECK_NEAR(first[i], expected[i], 1e-4);
      for (const int threads : thread_counts) CHECK(product_of(matrix, block, threads) == first);
    }
  }
}

}  // namespace

TEST(a_product_is_the_sum_of_the_textbook) {
  on_every_isa([] { check_products<float>(), check_products<double>(); });
}

TEST(rows_without_entries_give_zeros) {
  const std::vector<std::int64_t> pointers(6, 0);
  const SparseMatrix zeros{{pointers.data(), nullptr, 5, 0}, nullptr, 3};
  CHECK(product_of(zeros, std::vector<float>(12, 1), 2) == std::vector<float>(20));
}

TEST(a_poll_that_throws_stops_it) {
  Random random(2);
  const Problem problem(500, 30, random);
  const auto block = random.numbers<double>(30 * 8);
  CHECK_THROWS(Stopped, product_of(problem.view(false), block, 1, stop_at_once));
}
