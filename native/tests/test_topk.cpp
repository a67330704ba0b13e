// topk.hpp: the k best, compared with sorting all.
#include <algorithm>

#include "penchant/topk.hpp"
#include "problems.hpp"
#include "scoring.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

template <class T>
BestLists answer(const Scored<T>& scored, std::int64_t k, const Rows& exclude, const Rows& allow,
                 int threads, const Poll& poll = {}) {
  BestLists out(scored.n_queries, k);
  top_k(*scored.source, k, exclude, allow, {out.codes.data(), out.scores.data(), out.counts.data()},
        threads, poll);
  return out;
}

bool holds(const Rows& rows, std::int64_t row, std::int32_t code) {
  const auto list = rows[row];
  return std::find(list.begin(), list.end(), code) != list.end();
}

template <class T>
BestLists sorted(const Scored<T>& scored, std::int64_t k, const Rows& exclude, const Rows& allow) {
  BestLists out(scored.n_queries, k);
  for (std::int64_t q = 0; q < scored.n_queries; ++q) {
    std::vector<std::int32_t> codes;
    for (std::int32_t i = 0; i < scored.n_items; ++i) {
      if (exclude && holds(exclude, q, i)) continue;
      if (allow && !holds(allow, q, i)) continue;
      if (scored.at(q, i) > -std::numeric_limits<T>::infinity()) codes.push_back(i);
    }
    std::stable_sort(codes.begin(), codes.end(), [&](std::int32_t a, std::int32_t b) {
      return scored.at(q, a) > scored.at(q, b);
    });
    codes.resize(std::min(codes.size(), static_cast<std::size_t>(k)));
    out.counts[q] = static_cast<std::int32_t>(codes.size());
    for (std::size_t j = 0; j < codes.size(); ++j) {
      out.codes[q * k + static_cast<std::int64_t>(j)] = codes[j];
      out.scores[q * k + static_cast<std::int64_t>(j)] = static_cast<float>(scored.at(q, codes[j]));
    }
  }
  return out;
}

/// With and without exclude and allow, for small and large k.
template <class T>
void check_lists(const Scored<T>& scored, Random& random) {
  const auto seen = random_lists(scored.n_queries, scored.n_items, 0.3, random);
  const auto only = random_lists(scored.n_queries, scored.n_items, 0.4, random);
  for (const std::int64_t k :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{10}, scored.n_items + 3}) {
    for (const Rows& exclude : {Rows{}, seen.view()}) {
      for (const Rows& allow : {Rows{}, only.view()}) {
        CHECK(answer(scored, k, exclude, allow, 2) == sorted(scored, k, exclude, allow));
      }
    }
  }
}

template <class T>
void check_factors() {
  Random random(1);
  for (const std::int64_t n_queries : {0, 1, 5, 23}) {
    for (const std::int64_t n_items : {0, 1, 5, 131, 1100}) {
      check_lists(tied_factors<T>(n_queries, n_items, 3, 2, random), random);
    }
  }
}

}  // namespace

TEST_BOTH(lists_are_what_sorting_gives, check_factors)

TEST(nan_and_minus_infinity_are_no_candidates) {
  on_every_isa([] {
    Random random(2);
    for (const std::int64_t n_items : {1, 60, 2100})
      check_lists(special_table(9, n_items, 2, random), random);
  });
}

TEST(lists_do_not_depend_on_threads) {
  on_every_isa([] {
    Random random(3);
    const auto seen = random_lists(300, 90, 0.2, random);
    auto scored = tied_factors<float>(300, 90, 5, 1, random);
    const auto one = answer(scored, 7, seen.view(), {}, 1);
    for (const int threads : thread_counts) {  // chunks depend on them
      scored.source =
          factor_scores(scored.queries.data(), 300, scored.items.data(), 90, 5, threads, {});
      CHECK(answer(scored, 7, seen.view(), {}, threads) == one);
    }
  });
}

TEST(a_search_can_be_stopped) {
  Random random(4);
  const auto scored = tied_factors<float>(50, 90, 5, 1, random);
  CHECK_THROWS(Stopped, answer(scored, 7, {}, {}, 1, stop_at_once));
}
