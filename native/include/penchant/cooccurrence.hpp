// The nearest neighbors of rows by weighted counts of what they have in common.
//
// A similarity is (C · source of the row) · target of the neighbor, where C is the sum, in float,
// of the weights of the common columns, in their order. It is the same, bit for bit, on any number
// of threads, on any instruction set, and whichever way a row is counted.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"
#include "penchant/topk.hpp"

namespace penchant {

/// Weights of a similarity by common columns; none is negative.
struct CommonWeights {
  const float* common;  ///< of each column of left, which is a row of right
  const float* source;  ///< of each row of left
  const float* target;  ///< of each column of right
};

/// Finds the k greatest positive similarities of each row of left to the columns of right, greatest
/// first; of equal ones the lower column comes first. Entries of `exclude` are left out. Lists
/// follow each other without gaps in codes and scores, which have room for k a row.
///
/// Frequent columns of right are kept as bits beside the rest, and counted many at a time.
void nearest_by_cooccurrence(const Rows& left, const Rows& right, std::int64_t n_columns,
                             const CommonWeights& weights, std::int64_t k, const Rows& exclude,
                             const TopKLists& out, int threads, const Poll& poll);

}  // namespace penchant
