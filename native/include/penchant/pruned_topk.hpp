// The k best items of each query by dot product, most items ruled out by their rounded factors.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "penchant/parallel.hpp"
#include "penchant/quantized.hpp"
#include "penchant/rows.hpp"
#include "penchant/topk.hpp"

namespace penchant {

/// Whether to look for items that can be ruled out: where it should pay, or as told (for tests).
enum class PruneMode { automatic, never, always };

/// How many queries were tried, and how many of them were hard: pruning took longer than it saved.
struct PruneStats {
  std::atomic<std::int64_t> done{0}, hard{0};

  bool is_wasteful() const {
    constexpr std::int64_t kEnough = 512;  // to judge by whether most are hard
    const auto so_far = done.load();
    return so_far >= kEnough && 2 * hard.load() > so_far;
  }
};

/// What rules items out, made once for many searches, by several threads at once too. It holds no
/// items: each search brings those that it was made of, unchanged.
template <class T>
class FactorIndex {
 public:
  FactorIndex(const T* items, std::int64_t n_items, std::int64_t f, std::int64_t k, int threads,
              const Poll& poll);

  /// None if the items can't be rounded: a number is not finite, or there are too many factors.
  const std::optional<QuantizedItems<T>>& quantized() const { return quantized_; }

  /// The first items by norm, as they are.
  const std::vector<T>& seeds() const { return seeds_; }

  /// How the searches went: that changes how later ones are done, but no answer.
  PruneStats& stats() const { return stats_; }

  std::int64_t n_items() const { return n_items_; }
  std::int64_t f() const { return f_; }

  /// Bytes of memory.
  std::int64_t size() const;

 private:
  std::int64_t n_items_, f_;
  std::optional<QuantizedItems<T>> quantized_;
  std::vector<T> seeds_;
  mutable PruneStats stats_;
};

/// What top_k over factor_scores finds, the same bit for bit, in less time. queries and items are
/// row-major, f numbers each. Without an index, one is made for this search where it should pay.
template <class T>
void factor_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                  std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                  const TopKLists& out, PruneMode prune, const FactorIndex<T>* index, int threads,
                  const Poll& poll);

}  // namespace penchant
