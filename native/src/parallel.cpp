#include "penchant/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace penchant {

void parallel_for(std::int64_t n_chunks, int threads,
                  const std::function<void(std::int64_t, int)>& body, const Poll& poll) {
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> stop{false};
  std::exception_ptr error;
  std::mutex error_lock;

  auto work = [&](int worker) {
    try {
      while (!stop.load(std::memory_order_relaxed)) {
        const auto chunk = next.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= n_chunks) return;
        body(chunk, worker);
        if (worker == 0 && poll) poll();
      }
    } catch (...) {
      stop = true;
      const std::lock_guard guard(error_lock);
      if (!error) error = std::current_exception();
    }
  };

  const auto helpers =
      std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(n_chunks, 1)) - 1;
  std::vector<std::thread> pool;
  pool.reserve(static_cast<std::size_t>(helpers));
  try {
    for (int worker = 1; worker <= helpers; ++worker) pool.emplace_back(work, worker);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
    // no more threads, or no memory for one: the running threads take all chunks
  }
  work(0);
  for (auto& thread : pool) thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace penchant
