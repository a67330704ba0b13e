// Sums over rows drawn with replacement, many times over.
#pragma once

#include <cstdint>

#include "penchant/parallel.hpp"

namespace penchant {

/// Writes out[resample * n_columns + column]: the sum of a column over n rows drawn at random, all
/// columns from the same draws. values is row-major, n × n_columns; n is below 2^32. Each resample
/// has draws of its own from the seed, so that threads make no difference.
void bootstrap_sums(const double* values, std::int64_t n, std::int64_t n_columns,
                    std::int64_t resamples, std::uint64_t seed, double* out, int threads,
                    const Poll& poll);

}  // namespace penchant
