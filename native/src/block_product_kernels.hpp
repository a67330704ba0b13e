// The inner loop of block_product.cpp: one table an instruction set, filled by
// block_product_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

template <class T>
struct BlockProductKernels {
  /// out (width) = Σ values[k] · row columns[k] of the block, over n entries of a sparse row;
  /// values may be null: all are 1.
  void (*row)(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
              std::int64_t width, T* out);
};

PENCHANT_DISPATCH(BlockProductKernels<float>, block_product_kernels_f32)
PENCHANT_DISPATCH(BlockProductKernels<double>, block_product_kernels_f64)

}  // namespace penchant
