#include "penchant/bootstrap.hpp"

#include <algorithm>
#include <vector>

namespace penchant {
namespace {

/// A random stream by SplitMix64 (Steele, Lea & Flood 2014).
class Draws {
 public:
  Draws(std::uint64_t seed, std::int64_t stream)
      : state_(mixed(seed + mixed(static_cast<std::uint64_t>(stream) + 1))) {}

  std::uint64_t operator()() { return mixed(state_ += 0x9e3779b97f4a7c15); }

 private:
  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

/// Draws n numbers from 0…n − 1 and adds how often each was drawn.
void draw(Draws& draws, std::uint32_t* times, std::uint64_t n) {
  std::uint64_t left = n;
  for (; left >= 2; left -= 2) {  // two draws per random number
    const auto bits = draws();
    ++times[(bits & 0xffffffff) * n >> 32];
    ++times[(bits >> 32) * n >> 32];
  }
  if (left != 0) ++times[(draws() >> 32) * n >> 32];
}

constexpr std::int64_t kAtOnce = 8;  // columns per pass: their sums fit the registers

/// Sums Columns columns over all rows, each row weighted by how often it was drawn.
template <int Columns>
void add_up(const double* values, std::int64_t n, std::int64_t n_columns,
            const std::uint32_t* times, double* out) {
  double sums[Columns] = {};
  for (std::int64_t row = 0; row < n; ++row, values += n_columns) {
    const double weight = times[row];
    for (int column = 0; column < Columns; ++column) sums[column] += weight * values[column];
  }
  std::copy_n(sums, Columns, out);
}

template <int Columns = kAtOnce>
void add_up_some(std::int64_t some, const double* values, std::int64_t n, std::int64_t n_columns,
                 const std::uint32_t* times, double* out) {
  if (some >= Columns) {
    add_up<Columns>(values, n, n_columns, times, out);
  } else if constexpr (Columns > 1) {
    add_up_some<Columns - 1>(some, values, n, n_columns, times, out);
  }
}

}  // namespace

void bootstrap_sums(const double* values, std::int64_t n, std::int64_t n_columns,
                    std::int64_t resamples, std::uint64_t seed, double* out, int threads,
                    const Poll& poll) {
  constexpr std::int64_t kTogether = 4;
  parallel_for((resamples + kTogether - 1) / kTogether, threads,
               [&](std::int64_t chunk, int) {
                 std::vector<std::uint32_t> times(static_cast<std::size_t>(n));
                 const auto end = std::min(resamples, (chunk + 1) * kTogether);
                 for (auto resample = chunk * kTogether; resample < end; ++resample) {
                   std::fill(times.begin(), times.end(), 0);
                   Draws draws(seed, resample);
                   draw(draws, times.data(), static_cast<std::uint64_t>(n));
                   for (std::int64_t first = 0; first < n_columns; first += kAtOnce) {
                     add_up_some(n_columns - first, values + first, n, n_columns, times.data(),
                                 out + resample * n_columns + first);
                   }
                 }
               },
               poll);
}

}  // namespace penchant
