// Scores of several models, brought to one scale query by query and added up.
#pragma once

#include <cstdint>
#include <vector>

#include "penchant/parallel.hpp"
#include "penchant/rows.hpp"

namespace penchant {

/// How the scores of a model are brought to one scale, by the items of a query that it scores and
/// that are not in `seen`.
enum class Fusion {
  none,      ///< they stay as they are
  z_score,   ///< deviations from their mean, in standard deviations
  min_max,   ///< 0 for the lowest and 1 for the highest
  rank,      ///< 1 / (60 + rank); the rank is 1 plus the items that score higher
  top_mean,  ///< divided by the mean of the hundred best, 0 if that is not above 0
};

/// The scores of one model, row-major n_queries × n_items, and what they count.
struct WeightedScores {
  const float* scores;
  double weight;
};

/// Writes the weighted sum of scaled scores, row-major n_queries × n_items.
///
/// A model does not score a cell of NaN or ±∞; the cell counts 0 there. Cells that no model scores
/// are NaN. Sums are in double precision, in the order of the models. Where all scores of a query
/// are equal, z-scores and shares are 0. The result does not depend on threads.
void fused_scores(const std::vector<WeightedScores>& parts, std::int64_t n_queries,
                  std::int64_t n_items, const Rows& seen, Fusion fusion, float* out, int threads,
                  const Poll& poll);

}  // namespace penchant
