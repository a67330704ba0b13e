// Threads: rows in chunks from an atomic counter, heaviest first where the caller sorts them.
//
// The result of a loop must not depend on who runs which chunk: a chunk writes only what is
// its own, and sums over chunks are added up in the order of the chunks.
#pragma once

#include <cstdint>
#include <functional>

namespace penchant {

/// Called now and then on the calling thread while a loop runs; it may throw to stop the loop
/// (the bindings pass one that looks for Ctrl-C).
using Poll = std::function<void()>;

/// Calls body(chunk, worker) for every chunk in [0, n_chunks), on `threads` threads (the calling
/// thread is worker 0). The first exception thrown by a body or by poll ends the loop: chunks
/// not begun are left out, and it is rethrown here once all threads have stopped.
void parallel_for(std::int64_t n_chunks, int threads,
                  const std::function<void(std::int64_t chunk, int worker)>& body,
                  const Poll& poll = {});

}  // namespace penchant
