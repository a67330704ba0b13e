// Factors rounded to bytes, and how far a score can be from what the bytes say of it.
//
// A query q and an item y are written as
//
//     q = Q/a + δq      y = Y/b + δy      Q, Y whole numbers, a and b scales
//     q·y = Q·Y/(ab) + δq·Y/b + q·δy  ≤  Q·Y/(ab) + ‖δq‖‖Y‖/b + ‖q‖‖δy‖        (Cauchy–Schwarz)
//
// with ‖δq‖ and ‖δy‖ measured, not estimated. Q·Y is added up in segments of at most kSegment
// factors, in int16; within one, ‖Q‖ and ‖Y‖ are at most kLargestNorm, so that |Q·Y| < 2^15.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/bound_kernels.hpp"
#include "penchant/memory.hpp"
#include "penchant/parallel.hpp"

namespace penchant {

inline constexpr int kSegment = 64;
inline constexpr int kLargestNorm = 180;  // 180² = 32400: room for what shifts round down
inline constexpr int kLargestQuery = 63;  // with kQueryOffset and kLargestItem, a pair of products
inline constexpr int kLargestItem = 127;  // stays within int16: 2·(63 + 64)·127 < 2^15
inline constexpr std::int64_t kMaxQuantizedFactors = 16384;

QuantizedShape quantized_shape(std::int64_t f);

/// One query as the kernel reads it, and what is known of its rounding. All norms are in double.
struct QuantizedQuery {
  double norm = 0;   ///< ‖q‖
  double error = 0;  ///< ‖δq‖
  double scale = 0;  ///< a; 0 if q can't be rounded: it is zero, or not finite
};

/// Writes segments · pairs numbers.
template <class T>
QuantizedQuery quantize_query(const T* query, std::int64_t f, const QuantizedShape& shape,
                              std::int32_t* out);

/// What decides at which scale a row can be quantized.
struct RowSize {
  double norm;
  double longest_segment;  ///< the largest norm of a segment
  double largest;          ///< the largest |number|
};

/// Items in the order of falling norms, in blocks that share a scale. They stand by themselves:
/// what they were made of is not looked at again. Searches by several threads at once may share
/// them.
template <class T>
class QuantizedItems {
 public:
  static constexpr std::int64_t kBlock = 256;

  /// What holds for every item of a block.
  struct Block {
    double norm;            ///< ‖y‖ is at most this
    double error;           ///< ‖δy‖ is at most this
    double quantized_norm;  ///< ‖Y‖/b is at most this
    double scale;           ///< b
  };

  /// The first n_seeds items in that order are left as they are, to be scored exactly.
  QuantizedItems(const T* items, std::int64_t n_items, std::int64_t f, std::int64_t n_seeds,
                 int threads, const Poll& poll);

  /// False if an item holds a number that is not finite: then nothing else may be asked.
  bool finite() const { return finite_; }

  /// Item codes by position, and positions by code.
  const std::vector<std::int32_t>& codes() const { return codes_; }
  const std::vector<std::int32_t>& positions() const { return positions_; }

  /// The largest ‖y‖.
  double norm() const { return norm_; }
  std::int64_t n_items() const { return n_items_; }
  std::int64_t f() const { return f_; }
  std::int64_t n_seeds() const { return n_seeds_; }
  const QuantizedShape& shape() const { return shape_; }
  const BoundKernels& kernels() const { return kernels_; }

  /// Bytes of memory.
  std::int64_t size() const;

  /// Block number b holds the positions n_seeds + b·kBlock …
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::int16_t* panels(std::size_t block, int first_panel = 0) const;

 private:
  std::vector<RowSize> measured(const T* items, int threads, const Poll& poll) const;
  void sort_by_norm(const std::vector<RowSize>& sizes);
  void pack(const T* items, const std::vector<RowSize>& sizes, std::int64_t block);
  std::int64_t panel_rows() const { return std::int64_t{shape_.segments} * (shape_.pairs + 1); }

  std::int64_t n_items_, f_, n_seeds_;
  QuantizedShape shape_;
  const BoundKernels& kernels_ = bound_kernels();  // panels lie as these read them
  bool finite_ = true;
  double norm_ = 0;
  std::vector<std::int32_t> codes_, positions_;
  std::vector<Block> blocks_;
  Buffer<std::int16_t> panels_;
};

}  // namespace penchant
