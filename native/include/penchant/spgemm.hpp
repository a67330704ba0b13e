// The product of two sparse matrices as a sparse matrix (SpGEMM, by Gustavson's algorithm).
//
// A row is added up by one thread in the order of the left row's columns, in float: the result is
// the same, bit for bit, on any number of threads, and equals that of sparse_product.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/parallel.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant {

/// left · right without its zeros, in chunks of rows; columns rise within a row.
class SparseProduct {
 public:
  /// Computes the product; left has as many columns as right has rows. Entries of `exclude`, one
  /// row for each row of left, are left out. Stops when there are more than max_entries.
  SparseProduct(const SparseMatrix& left, const SparseMatrix& right, const Rows& exclude,
                std::int64_t max_entries, int threads, const Poll& poll);

  /// Takes the nonzero entries of a dense matrix, row-major.
  SparseProduct(const float* dense, std::int64_t n_rows, std::int64_t n_columns, int threads,
                const Poll& poll);

  /// The number of entries; above max_entries if the product was stopped.
  std::int64_t n_entries() const { return n_entries_; }

  /// Writes n_rows + 1 row pointers, columns and values, and discards the product.
  void take(std::int64_t* indptr, std::int32_t* columns, float* values);

 private:
  struct Chunk {
    std::vector<std::int64_t> counts;  // of entries, one a row
    std::vector<std::int32_t> columns;
    std::vector<float> values;
  };

  std::vector<Chunk> chunks_;
  std::int64_t n_entries_ = 0;
};

/// Whether a product of n × n cells with so many entries of left and right is computed faster, and
/// in little memory, by symmetric_product.
bool symmetric_product_pays(const SparseMatrix& left, const SparseMatrix& right);

/// Writes left · right, row-major n × n, with zeros on the diagonal, in half the additions, where
/// left is A D B and right is Bᵀ C with diagonal A and C: cells (i, j) and (j, i) then differ by a
/// factor only, ratios[i] / ratios[j] with ratios = a / c; null: they are equal. Entries of right
/// are those of leftᵀ. Cells below the diagonal have the bits of sparse_product, and those above it
/// where the ratios are null.
void symmetric_product(const SparseMatrix& left, const SparseMatrix& right, const float* ratios,
                       float* out, int threads, const Poll& poll);

}  // namespace penchant
