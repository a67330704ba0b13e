// fused_scores.hpp: scaled sums, compared with plain loops.
#include <algorithm>

#include "penchant/fused_scores.hpp"
#include "problems.hpp"
#include "scoring.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

std::vector<float> fused(const std::vector<const Scored<float>*>& tables, const Rows& seen,
                         Fusion fusion, int threads, const Poll& poll = {}) {
  std::vector<WeightedScores> parts;
  double weight = 0.25;
  for (const auto* table : tables) parts.push_back({table->table.data(), weight *= 2});
  const auto& first = *tables.front();
  std::vector<float> out(static_cast<std::size_t>(first.n_queries * first.n_items));
  fused_scores(parts, first.n_queries, first.n_items, seen, fusion, out.data(), threads, poll);
  return out;
}

bool same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-5F * (1.0F + std::abs(b));
}

bool contains(const Rows& rows, std::int64_t row, std::int64_t code) {
  const auto list = rows[row];
  return std::find(list.begin(), list.end(), static_cast<std::int32_t>(code)) != list.end();
}

/// Divides the scores of a query by the mean of the hundred best that are not seen.
std::vector<double> by_top_mean(const Scored<float>& scored, const Rows& seen, std::int64_t q) {
  std::vector<double> best;
  for (std::int64_t i = 0; i < scored.n_items; ++i) {
    if (std::isfinite(scored.at(q, i)) && !contains(seen, q, i)) best.push_back(scored.at(q, i));
  }
  std::sort(best.begin(), best.end(), std::greater<>());
  best.resize(std::min<std::size_t>(best.size(), 100));
  double sum = 0.0;
  for (const double score : best) sum += score;
  std::vector<double> out;
  for (std::int64_t i = 0; i < scored.n_items; ++i) {
    const double mean = sum / static_cast<double>(best.size());
    out.push_back(sum > 0.0 ? scored.at(q, i) / mean : 0.0);
  }
  return out;
}

}  // namespace

TEST(top_means_are_those_of_sorted_scores) {
  on_every_isa([] {
    Random random(5);
    for (const std::int64_t n_items : {1, 80, 2300}) {
      const auto left = special_table(5, n_items, 1, random);
      const auto right = special_table(5, n_items, 1, random);
      const auto seen = random_lists(5, n_items, 0.3, random);
      const auto found = fused({&left, &right}, seen.view(), Fusion::top_mean, 2);
      for (std::int64_t q = 0; q < 5; ++q) {
        const auto a = by_top_mean(left, seen.view(), q), b = by_top_mean(right, seen.view(), q);
        for (std::int64_t i = 0; i < n_items; ++i) {
          const bool in_left = std::isfinite(left.at(q, i)),
                     in_right = std::isfinite(right.at(q, i));
          const auto at = static_cast<std::size_t>(i);
          const double sum = (in_left ? 0.5 * a[at] : 0.0) + (in_right ? b[at] : 0.0);
          const auto expected = in_left || in_right ? static_cast<float>(sum) : std::nanf("");
          CHECK(same(found[static_cast<std::size_t>(q * n_items + i)], expected));
        }
      }
    }
  });
}

TEST(sums_do_not_depend_on_threads) {
  on_every_isa([] {
    Random random(6);
    const auto left = tied_factors<float>(70, 150, 4, 1, random);
    const auto right = tied_factors<float>(70, 150, 4, 1, random);
    const auto seen = random_lists(70, 150, 0.2, random);
    for (const auto fusion : {Fusion::none, Fusion::z_score, Fusion::min_max, Fusion::rank}) {
      const auto alone = fused({&left, &right}, seen.view(), fusion, 1);
      for (const int threads : thread_counts) {
        CHECK(fused({&left, &right}, seen.view(), fusion, threads) == alone);
      }
    }
  });
}

TEST(a_fusion_can_be_stopped) {
  Random random(7);
  const auto scored = tied_factors<float>(50, 90, 5, 1, random);
  CHECK_THROWS(Stopped, fused({&scored}, {}, Fusion::rank, 1, stop_at_once));
}
