// The sums that ranking metrics consist of, from recommended lists and relevant items.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

/// Output arrays, one entry per list.
struct ListGains {
  std::int32_t* hits;   ///< relevant items among the first k
  std::int32_t* first;  ///< the place of the first hit, from 1; 0 without hits
  double* dcg;          ///< Σ over hits of 1 / log2(place + 1)
  double* precisions;   ///< Σ over hits of the precision at their place
};

/// Compares the first k items of each list with the relevant items of the same row. Lists are in
/// the order of recommendation, so their indices need not rise.
void ranking_gains(const Rows& lists, const Rows& relevant, std::int64_t k, const ListGains& out,
                   int threads, const Poll& poll);

}  // namespace penchant
