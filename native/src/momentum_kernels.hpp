// The inner loops of momentum.cpp: one table per instruction set, defined by momentum_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// Functions of one instruction set. A row has `stride` floats, a multiple of the granule of
/// factors.
struct MomentumKernels {
  /// Quantizes a row to 16 bits relative to its maximum; all 0 if that is too small to divide by.
  void (*pack)(const float* row, std::int64_t stride, std::int16_t* values, float* row_max);
  void (*unpack)(const std::int16_t* values, float row_max, std::int64_t stride, float* row);
  /// Computes row += momentum (row − before).
  void (*move_on)(float* row, const float* before, float momentum, std::int64_t stride);
};

PENCHANT_DISPATCH(MomentumKernels, momentum_kernels)

}  // namespace penchant
