// The inner loops of momentum.cpp: one table an instruction set, filled by momentum_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// A row is `stride` floats, a multiple of every granule of factors.
struct MomentumKernels {
  /// The row in 16 bits a number, over its row_max; all 0 where that is too small to divide by.
  void (*pack)(const float* row, std::int64_t stride, std::int16_t* values, float* row_max);
  void (*unpack)(const std::int16_t* values, float row_max, std::int64_t stride, float* row);
  /// row += momentum (row − before)
  void (*move_on)(float* row, const float* before, float momentum, std::int64_t stride);
};

PENCHANT_DISPATCH(MomentumKernels, momentum_kernels)

}  // namespace penchant
