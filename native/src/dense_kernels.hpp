// The inner loops of dense_products.hpp: one table per instruction set, defined by
// dense_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// Where a square matrix has entries other than 0.
enum class Triangle { full, upper, lower };

/// A square matrix in panels of neighboring columns: panel p holds the columns from p · panel on,
/// row by row, and begins at p · panel · size.
template <class T>
struct Panels {
  const T* data;
  std::int64_t size;    // rows
  std::int64_t stride;  // columns, padded with 0 to whole vectors
  Triangle triangle;
};

/// A block of a Gram matrix: rows from i on and columns from j on, both multiples of the granule of
/// factors, except that the last ones end at its stride.
struct GramBlock {
  std::int64_t i, rows, j, columns;
};

/// T is the type of the factors.
template <class T>
struct DenseKernels {
  std::int64_t tile_rows;      // rows that are computed together
  std::int64_t panel_columns;  // columns of a panel
  /// Computes out = A · B; both have `rows` rows, a multiple of tile_rows, B.stride apart.
  void (*product)(const T* A, std::int64_t rows, const Panels<T>& B, T* out);
  /// Writes the block of YᵀY, of n rows, to `out`, whose rows are `stride` apart; only what is on
  /// and above the diagonal counts.
  void (*gram)(const T* Y, std::int64_t n, std::int64_t stride, bool precise,
               const GramBlock& block, double* out, char* scratch);
  std::int64_t (*gram_scratch_bytes)(const GramBlock& block);
};

template <class T>
const DenseKernels<T>& dense_kernels();

PENCHANT_DISPATCH(DenseKernels<float>, dense_kernels_f32)
PENCHANT_DISPATCH(DenseKernels<double>, dense_kernels_f64)

template <>
inline const DenseKernels<float>& dense_kernels<float>() {
  return dense_kernels_f32();
}
template <>
inline const DenseKernels<double>& dense_kernels<double>() {
  return dense_kernels_f64();
}

}  // namespace penchant
