// Random sparse matrices, and the same dense.
#pragma once

#include "penchant/sparse_product.hpp"
#include "problems.hpp"

namespace penchant::tests {

struct Matrix {
  Lists lists;
  std::int64_t n_columns;
  std::vector<float> values;

  Matrix(std::int64_t n_rows, std::int64_t n_columns, double chance, Random& random)
      : lists(random_lists(n_rows, n_columns, chance, random)),
        n_columns(n_columns),
        values(random.numbers<float>(static_cast<std::int64_t>(lists.indices.size()))) {}

  SparseMatrix view() const { return {lists.view(), values.data(), n_columns}; }
  SparseMatrix ones() const { return {lists.view(), nullptr, n_columns}; }
};

/// left · right, row-major, by sparse_product.
inline std::vector<float> product_of(const SparseMatrix& left, const SparseMatrix& right,
                                     int threads = 1, const Poll& poll = {}) {
  std::vector<float> out(static_cast<std::size_t>(left.rows.n_rows * right.n_columns), -99.0F);
  sparse_product(left, right, out.data(), threads, poll);
  return out;
}

}  // namespace penchant::tests
