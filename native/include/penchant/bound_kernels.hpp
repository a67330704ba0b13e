// The inner loop of pruning: integer scores of many items for a few queries, compared with bounds.
//
// Factors are quantized to bytes, so that one instruction multiplies four times as many of them as
// floats; quantized.hpp derives the error of a score.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// The layout of quantized factors: `segments` runs of `pairs` pairs, padded with zeros.
struct QuantizedShape {
  int segments;
  int pairs;
  int shift;  ///< right shift of the sum of a segment: 2^shift ≥ segments
};

/// Added to every number of a query, so that none is negative.
inline constexpr int kQueryOffset = 64;

/// Functions and sizes of one instruction set.
struct BoundKernels {
  int tile_rows;    ///< the most queries per call
  int panel_items;  ///< items in a panel: 64 at most

  /// Writes masks[panel * tile_rows + row], a bit per item: whether Σ_segments (Σ q·y >> shift) is
  /// above bounds[row].
  ///
  /// A query is one int32 per pair: the two bytes of the pair, each plus kQueryOffset, twice. A
  /// panel holds for each segment first the int16 initial sums of its items (−kQueryOffset times
  /// the sum of their factors, modulo 2^16), then for each pair the two bytes of each item. Sums
  /// wrap modulo 2^16, so those of entire segments must be within int16.
  void (*above)(const std::int32_t* const* queries, int rows, const std::int16_t* bounds,
                const QuantizedShape& shape, const std::int16_t* panels, int n_panels,
                std::uint64_t* masks);
};

PENCHANT_DISPATCH(BoundKernels, bound_kernels)

}  // namespace penchant
