// Extrapolation of one side's factors from epoch to epoch; docs/solver.md says what it is good for.
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

void quantize_previous(Factors<const float> X, QuantizedFactors out, int threads);

/// X += momentum (X − B·rotation), where B is what `before` holds; `before` becomes what X was.
///
/// `rotation`, f × f and row-major, takes the coordinates that B is in to those of X.
void extrapolate(Factors<float> X, QuantizedFactors before, const float* rotation, float momentum,
                 int threads);

}  // namespace penchant
