// Extrapolation of the factors of one side from epoch to epoch, see docs/solver.md.
#pragma once

#include <cstdint>

#include "penchant/solve.hpp"

namespace penchant {

/// Factors at half the memory: the numbers of each row in 16 bits, relative to their maximum.
///
/// The error, 1/65,534 of the maximum, is far below the change of an epoch.
struct QuantizedFactors {
  std::int16_t* values;  // rows × stride
  float* row_max;        // rows
};

/// Quantizes factors.
void quantize_previous(Factors<const float> X, QuantizedFactors out, int threads);

/// Extrapolates factors: X += momentum (X − B·rotation), where `before` holds B.
///
/// Afterwards `before` holds X before the extrapolation.
/// `rotation`, f × f and row-major, maps the coordinates of B to those of X; null: they are the
/// same.
void extrapolate(Factors<float> X, QuantizedFactors before, const float* rotation, float momentum,
                 int threads);

}  // namespace penchant
