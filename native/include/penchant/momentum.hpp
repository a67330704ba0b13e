// Extrapolation of the factors of one side from epoch to epoch, see docs/solver.md.
#pragma once

#include <cstdint>

#include "penchant/solve.hpp"

namespace penchant {

/// Factors as they were, in half the memory: of each row the values in 16 bits, and the size of
/// the row_max. What is lost, 1/65,534 of that, is far below what an epoch moves.
struct QuantizedFactors {
  std::int16_t* values;  // rows × stride
  float* row_max;        // rows
};

/// Quantizes factors.
void quantize_previous(Factors<const float> X, QuantizedFactors out, int threads);

/// Extrapolates factors: X += momentum (X − B·rotation), where `before` holds B.
///
/// Afterwards `before` holds X before the extrapolation.
/// `rotation`, f × f and row-major, maps the coordinates of B to those of X.
void extrapolate(Factors<float> X, QuantizedFactors before, const float* rotation, float momentum,
                 int threads);

}  // namespace penchant
