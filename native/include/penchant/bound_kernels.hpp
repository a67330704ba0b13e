// The inner loop of pruning: whole-number scores of many items for a few queries, compared at once.
//
// Factors are rounded to bytes, so that one instruction multiplies four times as many of them as
// it would floats; quantized.hpp says what that leaves of a score.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

/// How rounded factors lie: in `segments` runs of `pairs` pairs, padded with zeros.
struct QuantizedShape {
  int segments;
  int pairs;
  int shift;  ///< how far the sum of a segment is shifted before it is added up: 2^shift ≥ segments
};

/// What is added to every number of a query, so that none is negative.
inline constexpr int kQueryOffset = 64;

struct BoundKernels {
  int tile_rows;    ///< the most queries a call takes
  int panel_items;  ///< items in a panel: 64 at most

  /// masks[panel * tile_rows + row] gets a bit an item: whether Σ_segments (Σ q·y >> shift) is
  /// above bounds[row].
  ///
  /// A query is one int32 a pair: the two bytes of the pair, each plus kQueryOffset, twice. A panel
  /// holds for each segment first the int16 from which the sums of its items start (minus
  /// kQueryOffset times the sum of their factors, modulo 2^16), then for each pair the two bytes of
  /// each item. Sums wrap modulo 2^16, so those of whole segments must lie within int16.
  void (*above)(const std::int32_t* const* queries, int rows, const std::int16_t* bounds,
                const QuantizedShape& shape, const std::int16_t* panels, int n_panels,
                std::uint64_t* masks);
};

PENCHANT_DISPATCH(BoundKernels, bound_kernels)

}  // namespace penchant
