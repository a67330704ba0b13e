// What ranking metrics are made of: one pass over recommended lists and relevant items.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

/// One entry a query.
struct ListGains {
  std::int32_t* hits;   ///< relevant items among the first k
  std::int32_t* first;  ///< the place of the first of them, from 1; 0 if there is none
  double* dcg;          ///< Σ over hits of 1 / log2(place + 1)
  double* precisions;   ///< Σ over hits of the precision at their place
};

/// Compares the first k of each list, in its order (so its indices need not rise), with the
/// relevant items of the same row.
void ranking_gains(const Rows& lists, const Rows& relevant, std::int64_t k, const ListGains& out,
                   int threads, const Poll& poll);

}  // namespace penchant
