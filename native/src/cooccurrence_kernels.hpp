// The inner loops of cooccurrence.cpp and of the choice of the greatest: one table an instruction
// set, filled by cooccurrence_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

inline constexpr std::int64_t kMarkColumns = 256;             // of a block of marks
inline constexpr std::int64_t kMarkBytes = kMarkColumns / 8;  // a row of a block
inline constexpr std::int64_t kGroupStep = 64;                // numbers of groups: multiples

struct CooccurrenceKernels {
  /// Additions one by one that take as long as add_marked for one row of marks.
  std::int64_t marked_cost;
  /// Writes Σ weights[rows[j]] · marks[rows[j]], j rising: kMarkColumns floats. A row of marks has
  /// a bit a column, the lowest of a byte first.
  void (*add_marked)(const std::uint8_t* marks, const std::int32_t* rows, std::int64_t n,
                     const float* weights, float* out);
  /// Multiplies row[j] by `source`, then by target[j].
  void (*scale)(float* row, std::int64_t n, float source, const float* target);
  /// Writes the greatest row[j] of each group, those with the same j modulo n_groups, or 0 where no
  /// number is positive; n_groups is a multiple of kGroupStep.
  void (*group_maxima)(const float* row, std::int64_t n, float* maxima, std::int64_t n_groups);
  /// Returns a positive number that at least k of the numbers reach, and at most k + slack where
  /// there is one; 0 if fewer than k are positive.
  float (*bound)(const float* values, std::int64_t n, std::int64_t k, std::int64_t slack);
  /// Writes different keys in falling order. Fast for few: it takes n² comparisons.
  void (*sort_few)(const std::int64_t* keys, std::int64_t n, std::int64_t* sorted);
};

PENCHANT_DISPATCH(CooccurrenceKernels, cooccurrence_kernels)

}  // namespace penchant
