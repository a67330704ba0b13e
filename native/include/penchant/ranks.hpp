// Ranks of chosen items among the candidates of each query, for AUC and percentile ranks.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"
#include "penchant/scores.hpp"

namespace penchant {

/// Counts, for each entry of `targets`, the candidates that score higher (above) and the other ones
/// that score the same (tied).
///
/// above and tied have an entry per target, candidates one per query: the number of candidates.
/// Candidates are the items not excluded, and the targets even where excluded. NaN counts as −∞.
template <class T>
void ranks(const Scores<T>& scores, const Rows& targets, const Rows& exclude, std::int32_t* above,
           std::int32_t* tied, std::int64_t* candidates, int threads, const Poll& poll);

}  // namespace penchant
