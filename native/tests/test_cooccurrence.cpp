// cooccurrence.hpp: lists are those of sums added up one after the other.
#include "penchant/cooccurrence.hpp"

#include <algorithm>

#include "matrices.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Neighbors {
  std::vector<std::int32_t> codes, counts;
  std::vector<float> scores;

  Neighbors(std::int64_t n_rows, std::int64_t k)
      : codes(static_cast<std::size_t>(n_rows * k)),
        counts(static_cast<std::size_t>(n_rows)),
        scores(codes.size()) {}

  TopKLists view() { return {codes.data(), scores.data(), counts.data()}; }

  /// Drops the room after the lists.
  void close() {
    std::size_t n = 0;
    for (const auto count : counts) n += static_cast<std::size_t>(count);
    codes.resize(n);
    scores.resize(n);
  }
  bool operator==(const Neighbors&) const = default;
};

/// The lists from a dense row of sums at a time, sorted as a whole.
Neighbors expected_lists(const Rows& left, const Rows& right, std::int64_t n,
                         const CommonWeights& weights, std::int64_t k, const Rows& exclude) {
  Neighbors out(left.n_rows, 0);
  for (std::int64_t r = 0; r < left.n_rows; ++r) {
    std::vector<float> row(static_cast<std::size_t>(n), 0.0F);
    for (const auto column : left[r])
      for (const auto target : right[column]) row[target] += weights.common[column];
    std::vector<Entry<float>> entries;
    for (std::int32_t j = 0; j < n; ++j) {
      const float score = row[j] * weights.source[r] * weights.target[j];
      const auto left_out = exclude[r];
      if (score > 0.0F && !std::binary_search(left_out.begin(), left_out.end(), j))
        entries.push_back({score, j});
    }
    std::sort(entries.begin(), entries.end(), Better{});
    entries.resize(std::min(entries.size(), static_cast<std::size_t>(k)));
    out.counts[r] = static_cast<std::int32_t>(entries.size());
    for (const auto& [score, code] : entries) {
      out.codes.push_back(code);
      out.scores.push_back(score);
    }
  }
  return out;
}

std::vector<float> positive(std::int64_t n, Random& random) {
  auto numbers = random.numbers<float>(n);
  for (auto& number : numbers) number = std::abs(number);
  return numbers;
}

}  // namespace

TEST(neighbors_are_those_of_the_sums) {
  on_every_isa([] {
    Random random(1);
    // few columns are reached; all are scanned; one, two and four blocks are marked
    for (const auto& [m, inner, n, chance] : {std::tuple{40, 20, 900, 0.01},
                                              {40, 20, 90, 0.3},
                                              {70, 90, 256, 0.5},
                                              {40, 60, 600, 0.6},
                                              {5, 90, 1100, 0.8},
                                              {1, 1, 1, 1.0}}) {
      const auto left = random_lists(m, inner, 0.4, random);
      const auto right = random_lists(inner, n, chance, random);
      const auto exclude = random_lists(m, n, 0.1, random);
      const auto common = positive(inner, random), source = positive(m, random),
                 target = positive(n, random);
      const CommonWeights weights{common.data(), source.data(), target.data()};
      for (const std::int64_t k : {std::int64_t{1}, std::int64_t{20}, std::int64_t{n}}) {
        const auto expected =
            expected_lists(left.view(), right.view(), n, weights, k, exclude.view());
        for (const int threads : thread_counts) {
          Neighbors lists(m, k);
          nearest_by_cooccurrence(left.view(), right.view(), n, weights, k, exclude.view(),
                                  lists.view(), threads, {});
          lists.close();
          CHECK(lists == expected);
        }
      }
    }
  });
}

TEST(a_poll_that_throws_stops_it) {
  Random random(2);
  const auto X = random_lists(300, 300, 0.1, random);
  const std::vector<float> ones(300, 1.0F);
  Neighbors lists(300, 5);
  CHECK_THROWS(Stopped, nearest_by_cooccurrence(X.view(), X.view(), 300,
                                                {ones.data(), ones.data(), ones.data()}, 5, {},
                                                lists.view(), 1, stop_at_once));
}
