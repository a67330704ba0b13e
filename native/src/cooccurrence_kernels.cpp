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

void sort_few(const std::int64_t* keys, std::int64_t n, std::int64_t* sorted) {
  constexpr int L = kLanes<std::int64_t>;
  const std::int64_t whole = n - n % L;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t key = keys[i];
    const Vec<std::int64_t> own = broadcast(key);
    Vec<std::int64_t> above{};
    for (std::int64_t j = 0; j < whole; j += L) above -= load(keys + j) > own;
    std::int64_t rank = 0;
    for (int v = 0; v < L; ++v) rank += above[v];
    for (std::int64_t j = whole; j < n; ++j) rank += keys[j] > key ? 1 : 0;
    sorted[rank] = key;
  }
}

const CooccurrenceKernels kTable{kMarkedCost, add_marked, scale, group_maxima, sort_few};

}  // namespace

const CooccurrenceKernels& cooccurrence_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
