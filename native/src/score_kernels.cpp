#include "penchant/score_kernels.hpp"

#include "penchant/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace penchant::PENCHANT_ISA {
namespace {

// Tile shape: as many accumulators as registers allow beside one row of the panel.
#if defined(PENCHANT_ISA_avx512)
constexpr int kTileRows = 8, kTileVectors = 3;
#else
constexpr int kTileRows = 6, kTileVectors = 2;
#endif

template <class T>
constexpr int kPanelItems = kTileVectors * kLanes<T>;

template <class T, int M>
void tile_of(const T* queries, std::int64_t f, const T* panel, T* out, std::int64_t stride) {
  Vec<T> sums[M][kTileVectors] = {};
  for (std::int64_t k = 0; k < f; ++k) {
    Vec<T> items[kTileVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) items[v] = load(panel + v * kLanes<T>);
#pragma GCC unroll 8
    for (int row = 0; row < M; ++row) {
      const Vec<T> query = broadcast(queries[row * f + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) sums[row][v] += query * items[v];
    }
    panel += kPanelItems<T>;
  }
#pragma GCC unroll 8
  for (int row = 0; row < M; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) store(out + row * stride + v * kLanes<T>, sums[row][v]);
  }
}

template <class T, int M = kTileRows>
void tile(const T* queries, int rows, std::int64_t f, const T* panel, T* out, std::int64_t stride) {
  if (rows >= M) {
    tile_of<T, M>(queries, f, panel, out, stride);
  } else if constexpr (M > 1) {
    tile<T, M - 1>(queries, rows, f, panel, out, stride);
  }
}

template <class T>
void tile_entry(const T* queries, int rows, std::int64_t f, const T* panel, T* out,
                std::int64_t stride) {
  tile<T>(queries, rows, f, panel, out, stride);
}

/// Computes sum + a·b with one rounding, as tiles do. Without it the compiler splits a dot product
/// into vectors of products and a chain of additions, with two roundings per step.
template <class T>
[[gnu::always_inline]] inline T fused(T a, T b, T sum) {
#if defined(__FMA__) || defined(__aarch64__)
  if constexpr (sizeof(T) == sizeof(float)) return __builtin_fmaf(a, b, sum);
  return __builtin_fma(a, b, sum);
#else
  return sum + a * b;
#endif
}

// Several cells together: each sum is a chain of dependent additions, so that only other sums can
// hide its latency.
template <class T, int N, bool OneQuery>
[[gnu::always_inline]] inline void pairs_of(const T* const* queries, const T* const* items,
                                            std::int64_t f, T* out) {
  T sums[N] = {};
  for (std::int64_t k = 0; k < f; ++k) {
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j) sums[j] = fused(queries[OneQuery ? 0 : j][k], items[j][k], sums[j]);
  }
  for (int j = 0; j < N; ++j) out[j] = sums[j];
}

constexpr int kTogether = 8;

template <class T>
void pairs(const T* const* queries, const T* const* items, std::int64_t n, std::int64_t f, T* out) {
  std::int64_t j = 0;
  for (; j + kTogether <= n; j += kTogether) {
    pairs_of<T, kTogether, false>(queries + j, items + j, f, out + j);
  }
  for (; j < n; ++j) pairs_of<T, 1, false>(queries + j, items + j, f, out + j);
}

template <class T>
void dots(const T* query, const T* items, const std::int32_t* codes, std::int64_t n, std::int64_t f,
          T* out) {
  const auto item = [&](std::int64_t j) { return items + (codes != nullptr ? codes[j] : j) * f; };
  std::int64_t j = 0;
  for (; j + kTogether <= n; j += kTogether) {
    const T* rows[kTogether];
    for (int i = 0; i < kTogether; ++i) rows[i] = item(j + i);
    pairs_of<T, kTogether, true>(&query, rows, f, out + j);
  }
  for (; j < n; ++j) {
    const T* row = item(j);
    pairs_of<T, 1, true>(&query, &row, f, out + j);
  }
}

/// Returns one bit per entry: whether it is above the bound (NaN is not).
[[gnu::always_inline]] inline unsigned above_bits(Vec<float> scores, Vec<float> bound) {
#if defined(PENCHANT_ISA_avx512)
  return _mm512_cmp_ps_mask((__m512)scores, (__m512)bound, _CMP_GT_OQ);
#elif defined(PENCHANT_ISA_avx2)
  return static_cast<unsigned>(
      _mm256_movemask_ps(_mm256_cmp_ps((__m256)scores, (__m256)bound, _CMP_GT_OQ)));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpgt_ps((__m128)scores, (__m128)bound)));
#else
  unsigned bits = 0;
  for (int i = 0; i < kLanes<float>; ++i) bits |= static_cast<unsigned>(scores[i] > bound[i]) << i;
  return bits;
#endif
}

[[gnu::always_inline]] inline unsigned above_bits(Vec<double> scores, Vec<double> bound) {
#if defined(PENCHANT_ISA_avx512)
  return _mm512_cmp_pd_mask((__m512d)scores, (__m512d)bound, _CMP_GT_OQ);
#elif defined(PENCHANT_ISA_avx2)
  return static_cast<unsigned>(
      _mm256_movemask_pd(_mm256_cmp_pd((__m256d)scores, (__m256d)bound, _CMP_GT_OQ)));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpgt_pd((__m128d)scores, (__m128d)bound)));
#else
  unsigned bits = 0;
  for (int i = 0; i < kLanes<double>; ++i) bits |= static_cast<unsigned>(scores[i] > bound[i]) << i;
  return bits;
#endif
}

template <class T>
std::int64_t find_above(const T* scores, std::int64_t n, T bound, std::int32_t* positions) {
  const Vec<T> bounds = broadcast(bound);
  std::int64_t found = 0, j = 0;
  for (; j + kLanes<T> <= n; j += kLanes<T>) {
    for (unsigned bits = above_bits(load(scores + j), bounds); bits != 0; bits &= bits - 1) {
      positions[found++] = static_cast<std::int32_t>(j) + __builtin_ctz(bits);
    }
  }
  for (; j < n; ++j) {
    if (scores[j] > bound) positions[found++] = static_cast<std::int32_t>(j);
  }
  return found;
}

/// Counts for N bounds in one pass, so that each score is loaded once.
template <class T, int N>
[[gnu::always_inline]] inline void count_of(const T* scores, std::int64_t n, const T* bounds,
                                            std::int64_t* above, std::int64_t* equal) {
  using Mask = decltype(Vec<T>{} > Vec<T>{});
  const std::int64_t whole = n - n % kLanes<T>;
  Mask more[N]{}, same[N]{};  // a true entry is −1
  for (std::int64_t j = 0; j < whole; j += kLanes<T>) {
    const Vec<T> some = load(scores + j);
#pragma GCC unroll 4
    for (int b = 0; b < N; ++b) {
      more[b] -= some > broadcast(bounds[b]);
      same[b] -= some == broadcast(bounds[b]);
    }
  }
  for (int b = 0; b < N; ++b) {
    for (int i = 0; i < kLanes<T>; ++i) {
      above[b] += more[b][i];
      equal[b] += same[b][i];
    }
    for (std::int64_t j = whole; j < n; ++j) {
      above[b] += scores[j] > bounds[b];
      equal[b] += scores[j] == bounds[b];
    }
  }
}

template <class T>
void count(const T* scores, std::int64_t n, const T* bounds, std::int64_t m, std::int64_t* above,
           std::int64_t* equal) {
  std::int64_t b = 0;
  for (; b + 4 <= m; b += 4) count_of<T, 4>(scores, n, bounds + b, above + b, equal + b);
  for (; b + 2 <= m; b += 2) count_of<T, 2>(scores, n, bounds + b, above + b, equal + b);
  if (b < m) count_of<T, 1>(scores, n, bounds + b, above + b, equal + b);
}

template <class T>
void sink_nan(T* scores, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) {
    scores[j] = scores[j] == scores[j] ? scores[j] : -static_cast<T>(__builtin_inf());
  }
}

template <class T>
constexpr ScoreKernels<T> kTable{kTileRows, kPanelItems<T>, &tile_entry<T>, &dots<T>,
                                 &pairs<T>, &find_above<T>, &count<T>,      &sink_nan<T>};

}  // namespace

const ScoreKernels<float>& score_kernels_f32() { return kTable<float>; }
const ScoreKernels<double>& score_kernels_f64() { return kTable<double>; }

}  // namespace penchant::PENCHANT_ISA
