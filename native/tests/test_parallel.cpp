// parallel.hpp: every chunk runs once, and errors end the loop.
#include <atomic>
#include <thread>

#include "penchant/parallel.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

constexpr std::int64_t endless = std::int64_t{1} << 40;

TEST(every_chunk_is_run_once) {
  for (const int threads : {-1, 0, 1, 2, 3, 8, 40}) {
    for (const std::int64_t n : {0, 1, 2, 7, 1000}) {
      std::vector<int> times(static_cast<std::size_t>(n), 0);  // each written by its chunk only
      parallel_for(n, threads,
                   [&](std::int64_t chunk, int) { ++times[static_cast<std::size_t>(chunk)]; });
      for (const int count : times) CHECK_EQUAL(count, 1);
    }
  }
}

TEST(a_worker_runs_one_chunk_at_a_time) {
  constexpr int threads = 8;
  std::vector<std::int64_t> totals(threads, 0);  // each written by its worker only
  std::atomic<std::int64_t> beyond{0};
  parallel_for(5000, threads, [&](std::int64_t chunk, int worker) {
    if (worker < 0 || worker >= threads) return void(++beyond);
    totals[static_cast<std::size_t>(worker)] += chunk;
  });
  std::int64_t total = 0;
  for (const auto part : totals) total += part;
  CHECK_EQUAL(total, 5000 * 4999 / 2);
  CHECK_EQUAL(beyond.load(), 0);
}

TEST(worker_0_is_the_calling_thread_and_only_it_polls) {
  const auto caller = std::this_thread::get_id();
  std::atomic<int> wrong{0};
  int polls = 0;
  parallel_for(
      300, 3,
      [&](std::int64_t, int worker) {
        if ((worker == 0) != (std::this_thread::get_id() == caller)) ++wrong;
      },
      [&] {
        ++polls;
        if (std::this_thread::get_id() != caller) ++wrong;
      });
  CHECK_EQUAL(wrong.load(), 0);
  CHECK(polls <= 300);
}

TEST(an_exception_of_a_body_ends_the_loop) {
  for (const int threads : thread_counts) {
    const auto fail_late = [](std::int64_t chunk, int) {
      if (chunk >= 500) throw Stopped();
    };
    CHECK_THROWS(Stopped, parallel_for(endless, threads, fail_late));
    const auto fail_all = [](std::int64_t, int) { throw Stopped(); };
    CHECK_THROWS(Stopped, parallel_for(endless, threads, fail_all));
    const auto other = [](std::int64_t, int) { throw 7; };
    CHECK_THROWS(int, parallel_for(endless, threads, other));
  }
}

TEST(an_exception_of_the_poll_ends_the_loop) {
  for (const int threads : thread_counts) {
    int polls = 0;
    const auto third = [&] {
      if (++polls == 3) throw Stopped();
    };
    CHECK_THROWS(Stopped, parallel_for(endless, threads, [](std::int64_t, int) {}, third));
    CHECK_EQUAL(polls, 3);
  }
}

TEST(loops_run_within_loops_and_beside_them) {
  std::atomic<int> inner{0};
  const auto outer = [&](std::int64_t, int) {
    parallel_for(20, 2, [&](std::int64_t, int) { ++inner; });
  };
  parallel_for(10, 3, outer);
  std::thread other([&] { parallel_for(10, 3, outer); });
  parallel_for(10, 3, outer);
  other.join();
  CHECK_EQUAL(inner.load(), 600);
}

TEST(a_loop_after_one_that_failed_is_whole) {
  try {
    parallel_for(endless, 3, [](std::int64_t, int) { throw Stopped(); });
  } catch (const Stopped&) {
  }
  std::atomic<int> done{0};
  parallel_for(100, 3, [&](std::int64_t, int) { ++done; });
  CHECK_EQUAL(done.load(), 100);
}
