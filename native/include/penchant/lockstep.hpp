// Threads in step: chunks of work in stages, each of which begins when the last one is done.
#pragma once

#include <cstdint>
#include <functional>

#include "penchant/parallel.hpp"

namespace penchant {

/// Calls body(stage, chunk, worker) for all chunks of all stages, on `threads` threads (the calling
/// thread is worker 0). A stage begins when every chunk of the stage before it is done, and sees
/// all that was written there. Threads are started once, and wait briefly by spinning: stages of a
/// few microseconds pay. Exceptions end it as they end parallel_for; poll is called now and then.
void in_lockstep(
    std::int64_t n_stages, std::int64_t n_chunks, int threads,
    const std::function<void(std::int64_t stage, std::int64_t chunk, int worker)>& body,
    const Poll& poll = {});

}  // namespace penchant
