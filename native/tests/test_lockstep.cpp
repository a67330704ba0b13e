// lockstep.hpp: every chunk runs once, stages run in order, and errors end the loop.
#include <atomic>

#include "penchant/lockstep.hpp"
#include "problems.hpp"

using namespace penchant;
using namespace penchant::tests;

TEST(a_stage_sees_all_of_the_one_before) {
  for (const int threads : thread_counts) {
    for (const std::int64_t n_chunks : {1, 2, 8}) {
      constexpr std::int64_t n_stages = 300;
      // each written by its chunk only, and read by others one stage later
      std::vector<std::int64_t> sums(static_cast<std::size_t>(n_stages * n_chunks), 0);
      in_lockstep(n_stages, n_chunks, threads, [&](std::int64_t stage, std::int64_t chunk, int) {
        std::int64_t before = 0;
        for (std::int64_t c = 0; stage > 0 && c < n_chunks; ++c)
          before = std::max(before, sums[static_cast<std::size_t>((stage - 1) * n_chunks + c)]);
        sums[static_cast<std::size_t>(stage * n_chunks + chunk)] = before + 1;
      });
      for (std::int64_t at = 0; at < n_stages * n_chunks; ++at)
        CHECK_EQUAL(sums[static_cast<std::size_t>(at)], at / n_chunks + 1);
    }
  }
}

TEST(nothing_to_do_is_done) {
  std::atomic<int> calls{0};
  const auto count = [&](std::int64_t, std::int64_t, int) { ++calls; };
  in_lockstep(0, 4, 2, count);
  in_lockstep(4, 0, 2, count);
  CHECK_EQUAL(calls.load(), 0);
}

TEST(an_exception_of_a_body_ends_it) {
  for (const int threads : thread_counts) {
    const auto fail_late = [](std::int64_t stage, std::int64_t chunk, int) {
      if (stage == 20 && chunk == 1) throw Stopped();
    };
    CHECK_THROWS(Stopped, in_lockstep(1 << 20, 4, threads, fail_late));
  }
}

TEST(a_poll_ends_it) {
  for (const int threads : thread_counts) {
    const auto nothing = [](std::int64_t, std::int64_t, int) {};
    CHECK_THROWS(Stopped, in_lockstep(std::int64_t{1} << 40, 4, threads, nothing, stop_at_once));
  }
}
