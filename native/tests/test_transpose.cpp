// transpose.hpp: entries in order for any threads; invalid rows are rejected.
#include <stdexcept>

#include "check.hpp"
#include "penchant/transpose.hpp"

using namespace penchant;

namespace {

struct Csr {
  std::vector<std::int64_t> indptr;
  std::vector<std::int32_t> indices;
  std::vector<float> values;
};

Csr transposed(const Csr& csr, std::int64_t n_columns, int threads) {
  const auto n_rows = static_cast<std::int64_t>(csr.indptr.size()) - 1;
  const auto nnz = static_cast<std::int64_t>(csr.indices.size());
  Csr out{std::vector<std::int64_t>(static_cast<std::size_t>(n_columns) + 1),
          std::vector<std::int32_t>(csr.indices.size()), std::vector<float>(csr.indices.size())};
  transpose({csr.indptr.data(), csr.indices.data(), n_rows, nnz}, csr.values.data(), n_columns,
            out.indptr.data(), out.indices.data(), out.values.data(), threads, {});
  return out;
}

}  // namespace

TEST(twice_turned_is_as_before) {
  Csr csr{{0}, {}, {}};
  for (int row = 0; row < 500; ++row) {
    for (int column = row % 7; column < 40; column += 1 + row % 5) {
      csr.indices.push_back(column);
      csr.values.push_back(static_cast<float>(row * 40 + column));
    }
    csr.indptr.push_back(static_cast<std::int64_t>(csr.indices.size()));
  }
  const auto one = transposed(csr, 40, 1);
  for (const int threads : {1, 2, 8}) {
    const auto found = transposed(csr, 40, threads);
    CHECK(found.indptr == one.indptr && found.indices == one.indices);
    CHECK(found.values == one.values);
    const auto again = transposed(found, 500, threads);
    CHECK(again.indptr == csr.indptr && again.indices == csr.indices);
    CHECK(again.values == csr.values);
  }
}

TEST(what_is_empty_stays_empty) {
  CHECK(transposed({{0}, {}, {}}, 0, 2).indptr == std::vector<std::int64_t>{0});
  CHECK(transposed({{0, 0}, {}, {}}, 2, 2).indptr == (std::vector<std::int64_t>{0, 0, 0}));
}

TEST(rows_that_do_not_fit_are_refused) {
  CHECK_THROWS(std::invalid_argument, transposed({{0, 1}, {3}, {1}}, 3, 2));
  CHECK_THROWS(std::invalid_argument, transposed({{0, 1}, {-1}, {1}}, 3, 2));
  CHECK_THROWS(std::invalid_argument, transposed({{0, 2, 1}, {0}, {1}}, 3, 2));
}
