// Parallel loops: threads take chunks from an atomic counter.
//
// The result of a loop must not depend on which thread runs which chunk: a chunk writes only its
// own output, and sums over chunks are added in the order of the chunks.
#pragma once

#include <cstdint>
#include <functional>

namespace penchant {

/// Called repeatedly on the calling thread while a loop runs; it may throw to stop the loop (the
/// bindings pass one that checks for Ctrl-C).
using Poll = std::function<void()>;

/// Calls body(chunk, worker) for every chunk in [0, n_chunks), on `threads` threads (the calling
/// thread is worker 0).
///
/// The first exception thrown by a body or by poll ends the loop: remaining chunks are skipped, and
/// it is rethrown once all threads have stopped.
void parallel_for(std::int64_t n_chunks, int threads,
                  const std::function<void(std::int64_t chunk, int worker)>& body,
                  const Poll& poll = {});

}  // namespace penchant
