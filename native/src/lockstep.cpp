#include "penchant/lockstep.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

namespace penchant {
namespace {

constexpr std::int64_t kStopped = std::numeric_limits<std::int64_t>::max() / 2;
constexpr int kSpins = 4000;  // some tens of microseconds

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// The number of finished chunks of all stages. Chunks are taken in order, so a thread that waits
/// for earlier chunks waits for chunks that other threads work on.
class Progress {
 public:
  /// Waits until `wanted` chunks are finished; returns false if the loop was stopped.
  bool wait_for(std::int64_t wanted) {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (finished_.load(std::memory_order_acquire) >= wanted) return !stopped();
      pause();
    }
    for (;;) {
      const auto seen = finished_.load(std::memory_order_acquire);
      if (seen >= wanted) return !stopped();
      finished_.wait(seen, std::memory_order_acquire);
    }
  }

  void add_one(std::int64_t n_chunks) {
    if ((finished_.fetch_add(1, std::memory_order_acq_rel) + 1) % n_chunks == 0)
      finished_.notify_all();
  }

  void stop() {
    finished_.fetch_add(kStopped, std::memory_order_acq_rel);
    finished_.notify_all();
  }

 private:
  bool stopped() const { return finished_.load(std::memory_order_relaxed) >= kStopped; }

  std::atomic<std::int64_t> finished_{0};
};

/// Polls on worker 0, at most every 10 ms.
class PollTimer {
 public:
  explicit PollTimer(const Poll& poll) : poll_(poll) {}

  void operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (!poll_ || now < next_) return;
    poll_();
    next_ = now + std::chrono::milliseconds(10);
  }

 private:
  const Poll& poll_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace

void in_lockstep(std::int64_t n_stages, std::int64_t n_chunks, int threads,
                 const std::function<void(std::int64_t, std::int64_t, int)>& body,
                 const Poll& poll) {
  std::atomic<std::int64_t> next{0};
  Progress progress;
  PollTimer poll_if_due(poll);
  const auto work = [&](std::int64_t, int worker) {
    try {
      for (;;) {
        const auto ticket = next.fetch_add(1, std::memory_order_relaxed);
        if (ticket >= n_stages * n_chunks) return;
        const auto stage = ticket / n_chunks;
        if (!progress.wait_for(stage * n_chunks)) return;
        body(stage, ticket % n_chunks, worker);
        progress.add_one(n_chunks);
        if (worker == 0) poll_if_due();
      }
    } catch (...) {
      progress.stop();
      throw;
    }
  };
  const auto workers = std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(n_chunks, 1));
  parallel_for(workers, static_cast<int>(workers), work);
}

}  // namespace penchant
