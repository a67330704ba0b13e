// Where chosen items of each query stand among its candidates: for AUC and percentile ranks.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"
#include "penchant/scores.hpp"

namespace penchant {

/// Counts, for each entry of `targets`, the candidates that score higher (above) and the other
/// ones that score the same (tied), in the order of targets; candidates[query] is how many there
/// are. Candidates are the items not excluded, and the targets even where excluded. A NaN counts
/// as −∞.
template <class T>
void ranks(const Scores<T>& scores, const Rows& targets, const Rows& exclude, std::int32_t* above,
           std::int32_t* tied, std::int64_t* candidates, int threads, const Poll& poll);

}  // namespace penchant
