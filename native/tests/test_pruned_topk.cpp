// pruned_topk.hpp: the same lists as without pruning.
#include <algorithm>
#include <thread>

#include "penchant/pruned_topk.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

namespace {

/// Random vectors with falling norms, some of them repeated.
template <class T>
struct Problem {
  Problem(std::int64_t n_queries, std::int64_t n_items, std::int64_t f, Random& random)
      : n_queries(n_queries),
        n_items(n_items),
        f(f),
        queries(random.numbers<T>(n_queries * f)),
        items(random.numbers<T>(n_items * f)) {
    for (std::int64_t i = 0; i < n_items; ++i) {
      const auto from = i % 7 == 6 ? i - 3 : i;
      const auto size =
          static_cast<T>(i % 7 == 6 ? 1.0 : 1.0 / (1.0 + 0.01 * static_cast<double>(i % 300)));
      for (std::int64_t k = 0; k < f; ++k) items[i * f + k] = size * items[from * f + k];
    }
  }

  FactorIndex<T> index(int threads = 2, const Poll& poll = {}) const {
    return {items.data(), n_items, f, 10, threads, poll};
  }

  BestLists answer(std::int64_t k, const Rows& exclude, const Rows& allow,
                   const FactorIndex<T>* index, int threads = 2,
                   PruneMode prune = PruneMode::automatic) const {
    BestLists out(n_queries, k);
    factor_top_k(queries.data(), n_queries, items.data(), n_items, f, k, exclude, allow,
                 {out.codes.data(), out.scores.data(), out.counts.data()}, prune, index, threads,
                 {});
    return out;
  }

  BestLists plain(std::int64_t k, const Rows& exclude = {}, const Rows& allow = {}) const {
    return answer(k, exclude, allow, nullptr, 1, PruneMode::never);
  }

  std::int64_t n_queries, n_items, f;
  std::vector<T> queries, items;
};

template <class T>
void check_lists() {
  Random random(1);
  for (const std::int64_t n_items : {1, 700, 2100}) {
    for (const std::int64_t f : {1, 8, 70}) {
      for (const std::int64_t n_queries : {1, 5, 30}) {
        const Problem<T> problem(n_queries, n_items, f, random);
        const auto index = problem.index();
        const auto seen = random_lists(n_queries, n_items, 0.3, random);
        const auto only = random_lists(n_queries, n_items, 0.4, random);
        for (const std::int64_t k : {1, 10, 65, 300}) {
          for (const Rows& exclude : {Rows{}, seen.view()}) {
            for (const Rows& allow : {Rows{}, only.view()}) {
              const auto plain = problem.plain(k, exclude, allow);
              CHECK(problem.answer(k, exclude, allow, &index) == plain);
              CHECK(problem.answer(k, exclude, allow, &index, 3, PruneMode::always) == plain);
            }
          }
        }
      }
    }
  }
}

}  // namespace

TEST_BOTH(an_index_changes_no_list, check_lists)

TEST(an_index_outlives_the_choice_of_instructions) {
  Random random(2);
  const Problem<float> problem(9, 2000, 24, random);
  on_every_isa([&] {
    const auto index = problem.index();
    for (const Isa isa : available_isas()) {
      set_isa(isa_name(isa));
      CHECK(problem.answer(5, {}, {}, &index) == problem.plain(5));
    }
  });
}

TEST(several_threads_share_an_index) {
  Random random(3);
  const Problem<float> problem(4, 3000, 16, random);
  const auto index = problem.index();
  const auto plain = problem.plain(10);
  std::vector<char> same(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < same.size(); ++t) {
    threads.emplace_back([&, t] {
      bool all = true;
      for (int again = 0; again < 20; ++again) {
        all = all && problem.answer(10, {}, {}, &index, 1) == plain;
      }
      same[t] = all;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::count(same.begin(), same.end(), 1) == 4);
  CHECK_EQUAL(index.stats().tried.load(), 4 * 20 * 4);
}

TEST(hard_queries_give_an_index_up) {
  // a large factor that all items share makes bounds too loose to rule items out
  Random random(4);
  Problem<float> problem(900, 1500, 16, random);
  for (std::int64_t i = 0; i < problem.n_items; ++i) problem.items[i * 16] = 1000;
  for (std::int64_t i = 0; i < problem.n_queries; ++i) problem.queries[i * 16] = 1;
  const auto index = problem.index();
  for (int again = 0; again < 2; ++again) {
    CHECK(problem.answer(10, {}, {}, &index, 1) == problem.plain(10));
  }
  CHECK(index.stats().is_wasteful());
  CHECK(index.stats().tried.load() < 900);
}

TEST(items_that_cannot_be_quantized_are_searched_without_pruning) {
  Random random(5);
  Problem<float> problem(3, 1500, 16, random);
  problem.items[77] = std::numeric_limits<float>::quiet_NaN();
  const auto index = problem.index();
  CHECK(!index.quantized());
  CHECK_EQUAL(index.size(), 0);
  CHECK(problem.answer(10, {}, {}, &index) == problem.plain(10));
}

TEST(an_index_of_other_items_is_refused) {
  Random random(6);
  const Problem<float> problem(3, 1500, 16, random), other(3, 1501, 16, random);
  const auto index = other.index();
  CHECK_THROWS(std::invalid_argument, problem.answer(10, {}, {}, &index));
}

TEST(an_index_takes_little_more_than_a_byte_a_number) {
  Random random(7);
  const Problem<float> problem(1, 30000, 64, random);
  const auto bytes = problem.index().size();
  CHECK(bytes > 30000 * 64 && bytes < 30000 * (64 + 14));
}

TEST(making_an_index_can_be_stopped) {
  Random random(8);
  const Problem<float> problem(1, 5000, 16, random);
  CHECK_THROWS(Stopped, problem.index(1, stop_at_once));
}
