// ranks.hpp: numbers above and tied, compared with counting.
#include <algorithm>

#include "penchant/ranks.hpp"
#include "problems.hpp"
#include "scoring.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Answer {
  Answer(std::size_t n_targets, std::int64_t n_queries)
      : above(n_targets, -1),
        tied(n_targets, -1),
        candidates(static_cast<std::size_t>(n_queries), -1) {}
  bool operator==(const Answer&) const = default;

  std::vector<std::int32_t> above, tied;
  std::vector<std::int64_t> candidates;
};

template <class T>
Answer answer(const Scored<T>& scored, const Lists& targets, const Rows& exclude, int threads,
              const Poll& poll = {}) {
  Answer out(targets.indices.size(), scored.n_queries);
  ranks(*scored.source, targets.view(), exclude, out.above.data(), out.tied.data(),
        out.candidates.data(), threads, poll);
  return out;
}

template <class T>
Answer counted(const Scored<T>& scored, const Lists& targets, const Rows& exclude) {
  Answer out(targets.indices.size(), scored.n_queries);
  const auto score = [&](std::int64_t q, std::int64_t i) {
    return std::isnan(scored.at(q, i)) ? -std::numeric_limits<T>::infinity() : scored.at(q, i);
  };
  for (std::int64_t q = 0; q < scored.n_queries; ++q) {
    const auto wanted = targets.row(q);
    std::vector<std::int32_t> candidates;
    for (std::int32_t i = 0; i < scored.n_items; ++i) {
      const bool target = std::find(wanted.begin(), wanted.end(), i) != wanted.end();
      const bool excluded =
          exclude && std::find(exclude[q].begin(), exclude[q].end(), i) != exclude[q].end();
      if (target || !excluded) candidates.push_back(i);
    }
    out.candidates[q] = static_cast<std::int64_t>(candidates.size());
    for (auto e = targets.indptr[q]; e < targets.indptr[q + 1]; ++e) {
      const auto mine = score(q, targets.indices[e]);
      int above = 0, tied = -1;  // itself
      for (const auto i : candidates) {
        above += score(q, i) > mine;
        tied += score(q, i) == mine;
      }
      out.above[e] = above;
      out.tied[e] = tied;
    }
  }
  return out;
}

template <class T>
void check_scored(const Scored<T>& scored, Random& random) {
  const auto targets = random_lists(scored.n_queries, scored.n_items, 0.3, random);
  const auto seen = random_lists(scored.n_queries, scored.n_items, 0.3, random);
  CHECK(answer(scored, targets, {}, 2) == counted(scored, targets, {}));
  CHECK(answer(scored, targets, seen.view(), 2) == counted(scored, targets, seen.view()));
}

template <class T>
void check_factors() {
  Random random(1);
  for (const std::int64_t n_queries : {0, 1, 5, 13})
    for (const std::int64_t n_items : {0, 1, 5, 131, 600})
      check_scored(tied_factors<T>(n_queries, n_items, 3, 2, random), random);
}

/// Hundreds of distinct targets, which are placed by binary search.
template <class T>
void check_many_targets() {
  Random random(2);
  Scored<T> scored{5, 1500, random.numbers<T>(5), random.numbers<T>(1500), {}, {}};
  for (const T query : scored.queries)
    for (const T item : scored.items) scored.table.push_back(query * item);
  scored.source = factor_scores(scored.queries.data(), 5, scored.items.data(), 1500, 1, 2, {});
  check_scored(scored, random);
}

}  // namespace

TEST_BOTH(ranks_are_what_counting_gives, check_factors)
TEST_BOTH(many_targets_are_counted_too, check_many_targets)

TEST(nan_counts_as_minus_infinity) {
  on_every_isa([] {
    Random random(3);
    for (const std::int64_t n_items : {1, 60, 2100})
      check_scored(special_table(7, n_items, 2, random), random);
  });
}

TEST(ranks_do_not_depend_on_threads) {
  on_every_isa([] {
    Random random(4);
    const auto targets = random_lists(300, 90, 0.1, random),
               seen = random_lists(300, 90, 0.2, random);
    auto scored = tied_factors<double>(300, 90, 5, 1, random);
    const auto one = answer(scored, targets, seen.view(), 1);
    for (const int threads : thread_counts) {
      scored.source =
          factor_scores(scored.queries.data(), 300, scored.items.data(), 90, 5, threads, {});
      CHECK(answer(scored, targets, seen.view(), threads) == one);
    }
  });
}

TEST(ranking_can_be_stopped) {
  Random random(5);
  const auto scored = tied_factors<float>(50, 90, 5, 1, random);
  const auto targets = random_lists(50, 90, 0.1, random);
  CHECK_THROWS(Stopped, answer(scored, targets, {}, 1, stop_at_once));
}
