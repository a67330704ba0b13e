// Parallel stages: chunks of work in stages, with a barrier after each stage.
#pragma once

#include <cstdint>
#include <functional>

#include "penchant/parallel.hpp"

namespace penchant {

/// Calls body(stage, chunk, worker) for all chunks of all stages, on `threads` threads (the calling
/// thread is worker 0).
///
/// A stage begins when every chunk of the previous stage is finished, and sees all its writes.
/// Threads are started once and wait by spinning briefly, so that stages of a few microseconds are
/// worthwhile. Exceptions end it as they end parallel_for; poll is called every 10 ms at most.
void in_lockstep(
    std::int64_t n_stages, std::int64_t n_chunks, int threads,
    const std::function<void(std::int64_t stage, std::int64_t chunk, int worker)>& body,
    const Poll& poll = {});

}  // namespace penchant
