// Sums over rows drawn with replacement.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"

namespace penchant {

/// Sums columns over n rows drawn with replacement, once per resample.
///
/// Writes out[resample * n_columns + column]; all columns share the draws of a resample. values is
/// row-major, n × n_columns, n below 2^32. Draws depend on the seed and the resample only, not on
/// threads.
void bootstrap_sums(const double* values, std::int64_t n, std::int64_t n_columns,
                    std::int64_t resamples, std::uint64_t seed, double* out, int threads,
                    const Poll& poll);

}  // namespace penchant
