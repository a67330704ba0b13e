// The inner loops over scores: one table an instruction set, filled by score_kernels.cpp.
//
// The score of a cell is Σ_k q_k·y_k, always added up in the order of k with the same
// roundings, so that a cell has one score however it is asked for (in tiles, one by one).
#pragma once

#include <cstdint>

namespace penchant {

template <class T>
struct ScoreKernels {
  int tile_rows;    ///< the most queries a tile takes
  int panel_items;  ///< items in a panel

  /// Scores `rows` queries (row-major, f each) for one panel: panel[k * panel_items + item].
  /// out[row * stride + item] is written for all items of the panel.
  void (*tile)(const T* queries, int rows, std::int64_t f, const T* panel, T* out,
               std::int64_t stride);

  /// Scores one query for n items, row-major: codes[j], or item j where codes is null.
  void (*dots)(const T* query, const T* items, const std::int32_t* codes, std::int64_t n,
               std::int64_t f, T* out);

  /// Scores n cells of different queries, each given by where its query and its item lie.
  void (*pairs)(const T* const* queries, const T* const* items, std::int64_t n, std::int64_t f,
                T* out);

  /// Writes the positions, rising, of scores above the bound; returns how many. NaN is not above.
  std::int64_t (*find_above)(const T* scores, std::int64_t n, T bound, std::int32_t* positions);

  /// Adds, for each of m bounds, how many of n scores are above it and how many equal it.
  void (*count)(const T* scores, std::int64_t n, const T* bounds, std::int64_t m,
                std::int64_t* above, std::int64_t* equal);

  /// Turns NaN into −∞, in place.
  void (*sink_nan)(T* scores, std::int64_t n);
};

}  // namespace penchant
