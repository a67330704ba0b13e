// metrics.hpp: sums over hits, compared with a plain loop.
#include <algorithm>

#include "penchant/metrics.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

struct Gains {
  explicit Gains(std::int64_t n)
      : hits(static_cast<std::size_t>(n), -1), first(hits), dcg(hits.size(), -1), precisions(dcg) {}

  ListGains view() { return {hits.data(), first.data(), dcg.data(), precisions.data()}; }
  bool operator==(const Gains&) const = default;

  std::vector<std::int32_t> hits, first;
  std::vector<double> dcg, precisions;
};

Gains gains(const Lists& lists, const Lists& relevant, std::int64_t k, int threads,
            const Poll& poll = {}) {
  Gains out(lists.n_rows());
  ranking_gains(lists.view(), relevant.view(), k, out.view(), threads, poll);
  return out;
}

/// Shuffles the items of each row.
Lists shuffled(Lists lists, Random& random) {
  for (std::int64_t r = 0; r < lists.n_rows(); ++r) {
    const auto begin = lists.indptr[static_cast<std::size_t>(r)];
    for (auto e = lists.indptr[static_cast<std::size_t>(r) + 1] - 1; e > begin; --e)
      std::swap(lists.indices[static_cast<std::size_t>(e)],
                lists.indices[static_cast<std::size_t>(begin + random.below(e - begin + 1))]);
  }
  return lists;
}

}  // namespace

TEST(gains_are_the_sums_over_hits) {
  Random random(1);
  for (const std::int64_t n : {0, 1, 5, 2500}) {
    const auto lists = shuffled(random_lists(n, 12, 0.4, random), random);
    const auto relevant = random_lists(n, 12, 0.3, random);
    for (const std::int64_t k : {0, 1, 3, 100}) {
      const auto found = gains(lists, relevant, k, 2);
      for (std::int64_t r = 0; r < n; ++r) {
        const auto list = lists.row(r), wanted = relevant.row(r);
        int hits = 0, first = 0;
        double dcg = 0, precisions = 0;
        for (std::size_t j = 0; j < list.size() && j < static_cast<std::size_t>(k); ++j) {
          if (std::find(wanted.begin(), wanted.end(), list[j]) == wanted.end()) continue;
          const double place = static_cast<double>(j) + 1;
          ++hits;
          if (first == 0) first = static_cast<int>(place);
          dcg += 1 / std::log2(place + 1);
          precisions += hits / place;
        }
        const auto at = static_cast<std::size_t>(r);
        CHECK_EQUAL(found.hits[at], hits);
        CHECK_EQUAL(found.first[at], first);
        CHECK_NEAR(found.dcg[at], dcg, 1e-12);
        CHECK_NEAR(found.precisions[at], precisions, 1e-12);
      }
    }
  }
}

TEST(gains_do_not_depend_on_threads) {
  Random random(2);
  const auto lists = random_lists(5000, 20, 0.3, random),
             relevant = random_lists(5000, 20, 0.3, random);
  const auto one = gains(lists, relevant, 10, 1);
  for (const int threads : thread_counts) CHECK(gains(lists, relevant, 10, threads) == one);
}

TEST(gains_can_be_stopped) {
  Random random(3);
  const auto lists = random_lists(3000, 5, 0.3, random);
  CHECK_THROWS(Stopped, gains(lists, lists, 3, 1, stop_at_once));
}
