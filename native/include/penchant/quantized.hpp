// Factors quantized to bytes, and the error of scores computed from them.
//
// A query q and an item y are written as
//
//     q = Q/a + δq      y = Y/b + δy      Q, Y integers, a and b scales
//     q·y = Q·Y/(ab) + δq·Y/b + q·δy  ≤  Q·Y/(ab) + ‖δq‖‖Y‖/b + ‖q‖‖δy‖        (Cauchy–Schwarz)
//
// with ‖δq‖ and ‖δy‖ measured, not estimated. Q·Y is summed in int16, in segments of at most
// kSegment factors. Within a segment ‖Q‖ and ‖Y‖ are at most kLargestNorm, so that |Q·Y| < 2^15.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/bound_kernels.hpp"
#include "penchant/memory.hpp"
#include "penchant/parallel.hpp"

namespace penchant {

inline constexpr int kSegment = 64;
inline constexpr int kLargestNorm = 180;  // 180² = 32400 < 2^15: leaves room for rounding by shifts
inline constexpr int kLargestQuery = 63;  // with kQueryOffset and kLargestItem, two products
inline constexpr int kLargestItem = 127;  // fit int16: 2·(63 + 64)·127 < 2^15
inline constexpr std::int64_t kMaxQuantizedFactors = 16384;

/// Returns the layout of f quantized factors.
QuantizedShape quantized_shape(std::int64_t f);

/// Norm, error and scale of a quantized query.
struct QuantizedQuery {
  double norm = 0;   ///< ‖q‖
  double error = 0;  ///< ‖δq‖
  double scale = 0;  ///< a; 0 if q cannot be quantized: it is zero or not finite
};

/// Quantizes a query; writes segments · pairs numbers as bound_kernels.hpp describes them.
template <class T>
QuantizedQuery quantize_query(const T* query, std::int64_t f, const QuantizedShape& shape,
                              std::int32_t* out);

/// The norms of a row that limit its scale.
struct RowSize {
  double norm;
  double longest_segment;  ///< the largest norm of a segment
  double largest;          ///< the largest |number|
};

/// Quantized items in the order of falling norms, in blocks that share a scale.
///
/// It keeps no reference to the items. Several threads may read it at once.
template <class T>
class QuantizedItems {
 public:
  static constexpr std::int64_t kBlock = 256;

  /// Bounds for every item of a block.
  struct Block {
    double norm;            ///< the largest ‖y‖
    double error;           ///< the largest ‖δy‖
    double quantized_norm;  ///< the largest ‖Y‖/b
    double scale;           ///< b
  };

  /// Quantizes items, but the first n_seeds in the order of norms, which are scored exactly.
  QuantizedItems(const T* items, std::int64_t n_items, std::int64_t f, std::int64_t n_seeds,
                 int threads, const Poll& poll);

  /// Whether all items are finite; if not, no other member may be called.
  bool finite() const { return finite_; }

  /// Item codes by position (in the order of norms), and positions by code.
  const std::vector<std::int32_t>& codes() const { return codes_; }
  const std::vector<std::int32_t>& positions() const { return positions_; }

  /// The largest ‖y‖ of all items.
  double norm() const { return norm_; }
  std::int64_t n_items() const { return n_items_; }
  std::int64_t f() const { return f_; }
  std::int64_t n_seeds() const { return n_seeds_; }
  const QuantizedShape& shape() const { return shape_; }
  const BoundKernels& kernels() const { return kernels_; }

  /// Returns the memory in bytes.
  std::int64_t size() const;

  /// The blocks; block b holds the kBlock positions from n_seeds + b·kBlock on.
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::int16_t* panels(std::size_t block, int first_panel = 0) const;

 private:
  std::vector<RowSize> measured(const T* items, int threads, const Poll& poll) const;
  void sort_by_norm(const std::vector<RowSize>& sizes);
  void pack(const T* items, const std::vector<RowSize>& sizes, std::int64_t block);
  std::int64_t panel_rows() const { return std::int64_t{shape_.segments} * (shape_.pairs + 1); }

  std::int64_t n_items_, f_, n_seeds_;
  QuantizedShape shape_;
  const BoundKernels& kernels_ = bound_kernels();  // panels have the layout that these read
  bool finite_ = true;
  double norm_ = 0;
  std::vector<std::int32_t> codes_, positions_;
  std::vector<Block> blocks_;
  Buffer<std::int16_t> panels_;
};

}  // namespace penchant
