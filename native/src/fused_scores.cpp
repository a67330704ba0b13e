#include "penchant/fused_scores.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "penchant/best_list.hpp"
#include "penchant/scores.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 4;
constexpr std::int64_t kTop = 100;        // best items whose mean score is 1
constexpr std::int64_t kTopBlock = 1024;  // items between two looks at the hundredth best
constexpr double kRankConstant = 60.0;    // Cormack, Clarke & Büttcher 2009, section 2
constexpr float kUncounted = -std::numeric_limits<float>::infinity();

/// A scaled score is (score − shift) · factor.
struct Scale {
  double shift = 0.0;
  double factor = 0.0;
};

/// Sums up the scaled scores of one query after the other; a thread's own.
class RowSum {
 public:
  explicit RowSum(std::int64_t n_items)
      : n_(n_items),
        counted_(static_cast<std::size_t>(n_items)),
        sums_(static_cast<std::size_t>(n_items)),
        scored_(static_cast<std::size_t>(n_items)),
        positions_(static_cast<std::size_t>(kTopBlock)) {}

  void clear() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(scored_.begin(), scored_.end(), std::uint8_t{0});
  }

  void add(const float* scores, double weight, std::span<const std::int32_t> seen, Fusion fusion) {
    if (fusion == Fusion::none) return add_scaled(scores, {0.0, weight});
    count(scores, seen);
    if (fusion == Fusion::rank) return add_ranks(scores, weight);
    auto scale = fusion == Fusion::top_mean ? by_top_mean() : by_spread(fusion);
    scale.factor *= weight;
    add_scaled(scores, scale);
  }

  void write(float* out) const {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (std::int64_t i = 0; i < n_; ++i) {
      const auto sum = static_cast<float>(sums_[static_cast<std::size_t>(i)]);
      out[i] = scored_[static_cast<std::size_t>(i)] != 0 ? sum : nan;
    }
  }

 private:
  /// Copies the scores that are counted, −∞ in the place of the others.
  void count(const float* scores, std::span<const std::int32_t> seen) {
    for (std::int64_t i = 0; i < n_; ++i) {
      counted_[static_cast<std::size_t>(i)] = std::isfinite(scores[i]) ? scores[i] : kUncounted;
    }
    for (const auto item : seen) counted_[static_cast<std::size_t>(item)] = kUncounted;
  }

  void add_scaled(const float* scores, Scale scale) {
    double* sums = sums_.data();
    std::uint8_t* scored = scored_.data();
    for (std::int64_t i = 0; i < n_; ++i) {
      const bool is_scored = std::isfinite(scores[i]);
      const double scaled = (static_cast<double>(scores[i]) - scale.shift) * scale.factor;
      sums[i] += is_scored ? scaled : 0.0;
      scored[i] |= static_cast<std::uint8_t>(is_scored);
    }
  }

  void add_ranks(const float* scores, double weight) {
    falling_.clear();
    std::copy_if(counted_.begin(), counted_.end(), std::back_inserter(falling_),
                 [](float score) { return score > kUncounted; });
    std::sort(falling_.begin(), falling_.end(), std::greater<>());
    for (std::int64_t i = 0; i < n_; ++i) {
      if (!std::isfinite(scores[i])) continue;
      const auto at =
          std::lower_bound(falling_.begin(), falling_.end(), scores[i], std::greater<>());
      const auto above = static_cast<double>(at - falling_.begin());
      sums_[static_cast<std::size_t>(i)] += weight / (kRankConstant + 1.0 + above);
      scored_[static_cast<std::size_t>(i)] = 1;
    }
  }

  Scale by_top_mean() {
    BestList<float> best(std::min(kTop, n_));
    for (std::int64_t first = 0; first < n_; first += kTopBlock) {
      const float* scores = counted_.data() + first;
      const auto above = kernels_.find_above(scores, std::min(kTopBlock, n_ - first), best.bound(),
                                             positions_.data());
      for (std::int64_t j = 0; j < above; ++j) {
        const auto position = positions_[static_cast<std::size_t>(j)];
        best.offer(scores[position], static_cast<std::int32_t>(first) + position);
      }
    }
    double sum = 0.0;
    const auto& entries = best.sorted();
    for (const auto& entry : entries) sum += static_cast<double>(entry.score);
    return {0.0, sum > 0.0 ? static_cast<double>(entries.size()) / sum : 0.0};
  }

  Scale by_spread(Fusion fusion) const {
    double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0.0;
    std::int64_t n = 0;
    for (const float score : counted_) {
      if (!(score > kUncounted)) continue;
      const auto value = static_cast<double>(score);
      low = std::min(low, value);
      high = std::max(high, value);
      sum += value;
      ++n;
    }
    if (!(high > low)) return {};  // all scores are equal, or none is counted
    if (fusion == Fusion::min_max) return {low, 1.0 / (high - low)};
    const double mean = sum / static_cast<double>(n);
    double squares = 0.0;
    for (const float score : counted_) {
      const double deviation = static_cast<double>(score) - mean;
      squares += score > kUncounted ? deviation * deviation : 0.0;
    }
    const double spread = std::sqrt(squares / static_cast<double>(n));
    return {mean, spread > 0.0 ? 1.0 / spread : 0.0};
  }

  std::int64_t n_;
  const ScoreKernels<float>& kernels_ = score_kernels<float>();
  std::vector<float> counted_;
  std::vector<double> sums_;
  std::vector<std::uint8_t> scored_;  // whether a model scores the item
  std::vector<std::int32_t> positions_;
  std::vector<float> falling_;
};

}  // namespace

void fused_scores(const std::vector<WeightedScores>& parts, std::int64_t n_queries,
                  std::int64_t n_items, const Rows& seen, Fusion fusion, float* out, int threads,
                  const Poll& poll) {
  std::vector<std::vector<RowSum>> workers(static_cast<std::size_t>(std::max(threads, 1)));
  parallel_for((n_queries + kRowsAtOnce - 1) / kRowsAtOnce, threads,
               [&](std::int64_t chunk, int number) {
                 auto& own = workers[static_cast<std::size_t>(number)];
                 if (own.empty()) own.emplace_back(n_items);
                 auto& row = own.front();
                 const auto end = std::min(n_queries, (chunk + 1) * kRowsAtOnce);
                 for (auto query = chunk * kRowsAtOnce; query < end; ++query) {
                   row.clear();
                   const auto history = seen ? seen[query] : std::span<const std::int32_t>{};
                   for (const auto& part : parts) {
                     row.add(part.scores + query * n_items, part.weight, history, fusion);
                   }
                   row.write(out + query * n_items);
                 }
               },
               poll);
}

}  // namespace penchant
