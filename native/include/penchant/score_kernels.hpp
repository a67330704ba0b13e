// The inner loops over scores: one table per instruction set, defined by score_kernels.cpp.
//
// The score of a cell is Σ_k q_k·y_k, always summed in the order of k with the same roundings, so
// that all functions compute the same score for a cell.
#pragma once

#include <cstdint>

namespace penchant {

/// Functions and sizes of one instruction set.
template <class T>
struct ScoreKernels {
  int tile_rows;    ///< the most queries per tile
  int panel_items;  ///< items in a panel

  /// Scores `rows` queries (row-major, f each) for one panel: panel[k * panel_items + item].
  /// out[row * stride + item] is written for all items of the panel.
  void (*tile)(const T* queries, int rows, std::int64_t f, const T* panel, T* out,
               std::int64_t stride);

  /// Scores one query for n items, row-major: codes[j], or item j where codes is null.
  void (*dots)(const T* query, const T* items, const std::int32_t* codes, std::int64_t n,
               std::int64_t f, T* out);

  /// Scores n cells of different queries, given by pointers to query and item.
  void (*pairs)(const T* const* queries, const T* const* items, std::int64_t n, std::int64_t f,
                T* out);

  /// Writes the rising positions of scores above the bound; returns their number. NaN is not above.
  std::int64_t (*find_above)(const T* scores, std::int64_t n, T bound, std::int32_t* positions);

  /// Adds, for each of m bounds, the numbers of scores above it and equal to it.
  void (*count)(const T* scores, std::int64_t n, const T* bounds, std::int64_t m,
                std::int64_t* above, std::int64_t* equal);

  /// Replaces NaN by −∞, in place.
  void (*sink_nan)(T* scores, std::int64_t n);
};

}  // namespace penchant
