#include "cooccurrence_kernels.hpp"

#include "penchant/simd.hpp"

#if defined(PENCHANT_ISA_avx512)
#include <immintrin.h>
#endif

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kWidth = kLanes<float>;

#if defined(PENCHANT_ISA_avx512)

constexpr std::int64_t kMarkedCost = 16;

void add_marked(const std::uint8_t* marks, const std::int32_t* rows, std::int64_t n,
                const float* weights, float* out) {
  constexpr int kVectors = static_cast<int>(kMarkColumns) / kWidth;
  Vec<float> sums[kVectors] = {};
  for (std::int64_t j = 0; j < n; ++j) {
    const auto* bits = reinterpret_cast<const __mmask16*>(marks + rows[j] * kMarkBytes);
    const auto weight = static_cast<__m512>(broadcast(weights[rows[j]]));
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const auto sum = static_cast<__m512>(sums[v]);
      sums[v] = static_cast<Vec<float>>(_mm512_mask_add_ps(sum, bits[v], sum, weight));
    }
  }
  for (int v = 0; v < kVectors; ++v) store(out + v * kWidth, sums[v]);
}

#else

constexpr std::int64_t kMarkedCost = kWidth == 8 ? 64 : 160;

/// For each pattern of as many bits as there are lanes: all bits of the lanes whose bit is set.
struct Masks {
  alignas(64) std::int32_t lanes[1 << kWidth][kWidth];

  constexpr Masks() : lanes() {
    for (int pattern = 0; pattern < 1 << kWidth; ++pattern) {
      for (int v = 0; v < kWidth; ++v) lanes[pattern][v] = (pattern >> v & 1) != 0 ? -1 : 0;
    }
  }
};

constexpr Masks kMasks;

void add_marked(const std::uint8_t* marks, const std::int32_t* rows, std::int64_t n,
                const float* weights, float* out) {
  constexpr int kAtOnce = 8;  // as many sums as there are registers for
  for (int first = 0; first < kMarkColumns; first += kAtOnce * kWidth) {
    Vec<float> sums[kAtOnce] = {};
    for (std::int64_t j = 0; j < n; ++j) {
      const std::uint8_t* bytes = marks + rows[j] * kMarkBytes + first / 8;
      const auto weight = (Vec<std::int32_t>)broadcast(weights[rows[j]]);
#pragma GCC unroll 8
      for (int v = 0; v < kAtOnce; ++v) {
        const int bits = bytes[v * kWidth / 8] >> v * kWidth % 8 & ((1 << kWidth) - 1);
        sums[v] += (Vec<float>)(weight & load(kMasks.lanes[bits]));
      }
    }
    for (int v = 0; v < kAtOnce; ++v) store(out + first + v * kWidth, sums[v]);
  }
}

#endif

void scale(float* row, std::int64_t n, float source, const float* target) {
  const Vec<float> sources = broadcast(source);
  std::int64_t j = 0;
  for (; j + kWidth <= n; j += kWidth) store(row + j, load(row + j) * sources * load(target + j));
  for (; j < n; ++j) row[j] = row[j] * source * target[j];
}

void group_maxima(const float* row, std::int64_t n, float* maxima, std::int64_t n_groups) {
  for (std::int64_t j = 0; j < n_groups; j += kWidth) store(maxima + j, Vec<float>{});
  std::int64_t first = 0;
  for (; first + n_groups <= n; first += n_groups) {
    for (std::int64_t j = 0; j < n_groups; j += kWidth) {
      const Vec<float> some = load(row + first + j), most = load(maxima + j);
      store(maxima + j, some > most ? some : most);
    }
  }
  for (std::int64_t j = first; j < n; ++j) {
    if (row[j] > maxima[j - first]) maxima[j - first] = row[j];
  }
}

// Positive floats are ordered as their bits are, as whole numbers.
using Bits = std::int32_t;

[[gnu::always_inline]] inline Bits bits_of(float value) {
  Bits bits = 0;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

[[gnu::always_inline]] inline float value_of(Bits bits) {
  float value = 0.0F;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

std::int64_t count_from(const float* values, std::int64_t n, Bits least) {
  const Vec<Bits> bound = broadcast(least);
  Vec<Bits> counts{};
  std::int64_t j = 0;
  for (; j + kWidth <= n; j += kWidth) counts -= (Vec<Bits>)load(values + j) >= bound;
  std::int64_t count = sum<Bits>(counts);
  for (; j < n; ++j) count += bits_of(values[j]) >= least ? 1 : 0;
  return count;
}

Bits greatest_of(const float* values, std::int64_t n) {
  Vec<Bits> most{};
  std::int64_t j = 0;
  for (; j + kWidth <= n; j += kWidth) {
    const auto some = (Vec<Bits>)load(values + j);
    most = some > most ? some : most;
  }
  Bits greatest = 0;
  for (int v = 0; v < kWidth; ++v) greatest = most[v] > greatest ? most[v] : greatest;
  for (; j < n; ++j) greatest = bits_of(values[j]) > greatest ? bits_of(values[j]) : greatest;
  return greatest;
}

// The bound is searched for by halves, after steps from the greatest number down that double.
float bound(const float* values, std::int64_t n, std::int64_t k, std::int64_t slack) {
  Bits above = greatest_of(values, n) + 1, least = 0;  // fewer than k numbers reach `above`
  for (Bits step = 1 << 22; least == 0 && step < 1 << 29; step *= 2) {
    const Bits next = above > step ? above - step : 1;
    const auto count = count_from(values, n, next);
    if (count < k) {
      if (next == 1) return 0.0F;
      above = next;
    } else {
      if (count <= k + slack) return value_of(next);
      least = next;
    }
  }
  if (least == 0) return 0.0F;
  while (above - least > 1) {
    const Bits middle = least + (above - least) / 2;
    const auto count = count_from(values, n, middle);
    if (count < k) {
      above = middle;
    } else {
      least = middle;
      if (count <= k + slack) break;
    }
  }
  return value_of(least);
}

void sort_few(const std::int64_t* keys, std::int64_t n, std::int64_t* sorted) {
  constexpr int L = kLanes<std::int64_t>;
  std::int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    const Vec<std::int64_t> first = load(keys + i), second = load(keys + i + L);
    Vec<std::int64_t> first_ranks{}, second_ranks{};
    for (std::int64_t j = 0; j < n; ++j) {
      const Vec<std::int64_t> other = broadcast(keys[j]);
      first_ranks -= other > first;
      second_ranks -= other > second;
    }
    for (int v = 0; v < L; ++v) sorted[first_ranks[v]] = first[v];
    for (int v = 0; v < L; ++v) sorted[second_ranks[v]] = second[v];
  }
  for (; i < n; ++i) {
    std::int64_t rank = 0;
    for (std::int64_t j = 0; j < n; ++j) rank += keys[j] > keys[i] ? 1 : 0;
    sorted[rank] = keys[i];
  }
}

const CooccurrenceKernels kTable{kMarkedCost, add_marked, scale, group_maxima, bound, sort_few};

}  // namespace

const CooccurrenceKernels& cooccurrence_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
