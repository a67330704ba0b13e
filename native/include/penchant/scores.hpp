// Where scores come from, tile by tile: from factors, or from a dense block made elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "penchant/isa.hpp"
#include "penchant/parallel.hpp"
#include "penchant/score_kernels.hpp"

namespace penchant {

PENCHANT_DISPATCH(ScoreKernels<float>, score_kernels_f32)
PENCHANT_DISPATCH(ScoreKernels<double>, score_kernels_f64)

struct Rows;

template <class T>
const ScoreKernels<T>& score_kernels() {
  if constexpr (std::is_same_v<T, float>) {
    return score_kernels_f32();
  } else {
    return score_kernels_f64();
  }
}

/// The scores of n_queries × n_items cells; safe to read from many threads.
template <class T>
class Scores {
 public:
  virtual ~Scores() = default;

  /// Writes the scores of a tile, out[row * stride + item]. `first` is a multiple of block_items,
  /// and `stride` leaves room for a whole block: what lies beyond n_items is scratch.
  virtual void tile(std::int64_t query, int rows, std::int64_t first, std::int64_t count, T* out,
                    std::int64_t stride) const = 0;

  /// Writes the scores of some cells of one query; the same numbers as tile's, bit for bit.
  virtual void cells(std::int64_t query, const std::int32_t* codes, std::int64_t n,
                     T* out) const = 0;

  std::int64_t n_queries = 0;
  std::int64_t n_items = 0;
  std::int64_t block_items = 512;  ///< items to ask for at once: a block stays in cache
  std::int64_t chunk_queries = 6;  ///< queries a thread takes at once, all of them for each block
  int tile_rows = 6;               ///< the most queries a tile takes
};

/// score = query · item; both row-major, f numbers each.
template <class T>
std::unique_ptr<Scores<T>> factor_scores(const T* queries, std::int64_t n_queries, const T* items,
                                         std::int64_t n_items, std::int64_t f, int threads,
                                         const Poll& poll);

/// Row-major scores that are there already.
std::unique_ptr<Scores<float>> dense_scores(const float* scores, std::int64_t n_queries,
                                            std::int64_t n_items, int threads);

/// Writes the scores of all queries for all items, row-major n_queries × n_items; f numbers each.
void write_factor_scores(const float* queries, std::int64_t n_queries, const float* items,
                         std::int64_t n_items, std::int64_t f, float* out, int threads,
                         const Poll& poll);

/// score(query, code) for every entry of `cells`, in its order.
template <class T>
void cell_scores(const T* queries, const T* items, std::int64_t f, const Rows& cells,
                 float* out, int threads, const Poll& poll);

}  // namespace penchant
