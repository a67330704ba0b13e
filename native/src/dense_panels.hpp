// A sparse matrix made dense, in panels of columns: products with a matrix that is mostly nonzero
// are several times faster from it.
#pragma once

#include <cstdint>

#include "penchant/memory.hpp"
#include "penchant/parallel.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant {

class DensePanels {
 public:
  /// Whether panels of `right` pay for the products of all rows of `left`.
  static bool pay(const SparseMatrix& left, const SparseMatrix& right);

  DensePanels(const SparseMatrix& right, int threads, const Poll& poll);

  /// Floats of a row of products: the columns, filled up to whole panels.
  std::int64_t stride() const { return stride_; }

  /// Writes the rows [begin, end) of left · right, `stride` floats each, with the bits of
  /// sparse_product.
  void multiply(const SparseMatrix& left, std::int64_t begin, std::int64_t end, float* out) const;

 private:
  std::int64_t n_rows_, stride_;
  Buffer<float> panels_;
};

}  // namespace penchant
