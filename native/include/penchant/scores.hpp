// Sources of scores, read tile by tile: factors, or a dense matrix.
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

/// Returns the table of the instruction set in use.
template <class T>
const ScoreKernels<T>& score_kernels() {
  if constexpr (std::is_same_v<T, float>) {
    return score_kernels_f32();
  } else {
    return score_kernels_f64();
  }
}

/// The scores of n_queries × n_items cells. Several threads may read it at once.
template <class T>
class Scores {
 public:
  virtual ~Scores() = default;

  /// Writes the scores of a tile, out[row * stride + item]. `first` is a multiple of block_items,
  /// and
  /// `stride` leaves room for an entire block: columns beyond n_items are scratch.
  virtual void tile(std::int64_t query, int rows, std::int64_t first, std::int64_t count, T* out,
                    std::int64_t stride) const = 0;

  /// Writes the scores of some cells of one query, those of `tile` bit for bit.
  virtual void cells(std::int64_t query, const std::int32_t* codes, std::int64_t n,
                     T* out) const = 0;

  std::int64_t n_queries = 0;
  std::int64_t n_items = 0;
  std::int64_t block_items = 512;  ///< items per tile: a block stays in cache
  std::int64_t chunk_queries = 6;  ///< queries per chunk of a thread
  int tile_rows = 6;               ///< the most queries per tile
};

/// Makes scores query · item from row-major factors, f numbers each.
template <class T>
std::unique_ptr<Scores<T>> factor_scores(const T* queries, std::int64_t n_queries, const T* items,
                                         std::int64_t n_items, std::int64_t f, int threads,
                                         const Poll& poll);

/// Makes scores from a row-major matrix of them.
std::unique_ptr<Scores<float>> dense_scores(const float* scores, std::int64_t n_queries,
                                            std::int64_t n_items, int threads);

/// Writes score(query, item) for every entry of `cells`, in their order.
template <class T>
void score_pairs(const T* queries, const T* items, std::int64_t f, const Rows& cells, float* out,
                 int threads, const Poll& poll);

}  // namespace penchant
