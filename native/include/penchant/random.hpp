// Random numbers without state in memory: a stream per example, a permutation per epoch.
#pragma once

#include <bit>
#include <cstdint>

namespace penchant {

/// The finalizer of splitmix64 (Steele, Lea & Flood 2014): each output bit depends on all input
/// bits.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;

/// A random stream determined by (seed, number), independent of other streams.
class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t number)
      : state_(mixed(seed + kGolden) + mixed(number ^ kGolden)) {}

  std::uint64_t next() { return mixed(state_ += kGolden); }

  /// Draws uniformly from [0, n), n below 2⁶³.
  std::int64_t below(std::int64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((Wide{next()} * static_cast<std::uint64_t>(n)) >> 64);
  }

 private:
  std::uint64_t state_;
};

/// A random permutation of 0…n−1, computed entry by entry.
///
/// Each entry passes rounds that permute the numbers below the next power of two, repeated until
/// the result is below n.
class Permutation {
 public:
  Permutation(std::int64_t n, std::uint64_t seed) : n_(static_cast<std::uint64_t>(n)) {
    const int bits = n > 1 ? static_cast<int>(std::bit_width(n_ - 1)) : 1;
    mask_ = (std::uint64_t{2} << (bits - 1)) - 1;
    shift_ = (bits + 1) / 2;
    Stream stream(seed, 0);
    for (auto& round : rounds_) round = {stream.next() | 1, stream.next()};
  }

  std::int64_t operator[](std::int64_t position) const {
    auto x = static_cast<std::uint64_t>(position);
    do {
      for (const auto& [factor, shift] : rounds_) {
        x = (x * factor + shift) & mask_;
        x ^= x >> shift_;
      }
    } while (x >= n_);
    return static_cast<std::int64_t>(x);
  }

 private:
  struct Round {
    std::uint64_t factor, shift;
  };

  std::uint64_t n_, mask_;
  int shift_;
  Round rounds_[4];
};

}  // namespace penchant
