// Exact top-k by dot product, with most items ruled out by their quantized factors.
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

/// Whether to prune: where it is expected to save time, or never or always (for tests).
enum class PruneMode { automatic, never, always };

/// How many queries were tried, and how many were hard: pruning took longer than it saved.
struct PruneStats {
  std::atomic<std::int64_t> tried{0}, hard{0};

  /// Whether most of the queries were hard, of enough queries to judge.
  bool is_wasteful() const {
    constexpr std::int64_t kEnough = 512;
    const auto n = tried.load();
    return n >= kEnough && 2 * hard.load() > n;
  }
};

/// The quantized items by which searches rule items out. Several threads may search at once. It
/// keeps no reference to the items: each search passes those that it was built from, unchanged.
template <class T>
class FactorIndex {
 public:
  FactorIndex(const T* items, std::int64_t n_items, std::int64_t f, std::int64_t k, int threads,
              const Poll& poll);

  /// Nothing if the items cannot be quantized: not finite, or too many factors.
  const std::optional<QuantizedItems<T>>& quantized() const { return quantized_; }

  /// The factors of the items with the largest norms, as they are.
  const std::vector<T>& seeds() const { return seeds_; }

  /// Counts of earlier searches. They decide whether later ones prune, and change no result.
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

/// Finds what top_k over factor_scores finds, bit for bit, in less time.
///
/// queries and items are row-major, f numbers each. Without an index, one is built for this search
/// where it is expected to save time. Throws std::invalid_argument if the index is of other items.
template <class T>
void factor_top_k(const T* queries, std::int64_t n_queries, const T* items, std::int64_t n_items,
                  std::int64_t f, std::int64_t k, const Rows& exclude, const Rows& allow,
                  const TopKLists& out, PruneMode prune, const FactorIndex<T>* index, int threads,
                  const Poll& poll);

}  // namespace penchant
