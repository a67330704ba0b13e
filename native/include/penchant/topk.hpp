// Exact top-k; nothing of the size queries × items is allocated.
#pragma once

#include <cstdint>

#include "penchant/best_list.hpp"
#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"
#include "penchant/scores.hpp"

namespace penchant {

/// Output arrays, row-major n_queries × k; the first counts[query] entries of a row are set.
struct TopKLists {
  std::int32_t* codes;
  float* scores;
  std::int32_t* counts;

  /// Writes the list of one query.
  template <class T>
  void set(std::int64_t query, std::int64_t k, BestList<T>& best) const {
    const auto& entries = best.sorted();
    counts[query] = static_cast<std::int32_t>(entries.size());
    for (std::size_t j = 0; j < entries.size(); ++j) {
      codes[query * k + static_cast<std::int64_t>(j)] = entries[j].code;
      scores[query * k + static_cast<std::int64_t>(j)] = static_cast<float>(entries[j].score);
    }
  }
};

/// Finds the k best candidates of each query, best first; of equal scores the lower code comes
/// first.
///
/// Items of `exclude` are no candidates, nor items outside `allow` where there is one, nor cells
/// with a score of NaN or −∞. The order is that of the scores in T, which are written as float. The
/// result does not depend on threads, blocks or chunks.
template <class T>
void top_k(const Scores<T>& scores, std::int64_t k, const Rows& exclude, const Rows& allow,
           const TopKLists& out, int threads, const Poll& poll);

}  // namespace penchant
