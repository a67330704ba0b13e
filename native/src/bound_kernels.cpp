#include "penchant/bound_kernels.hpp"

#include "penchant/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace penchant::PENCHANT_ISA {
namespace {

using Sums = Vec<std::int16_t>;

// As many sums as fit the registers beside the items of a panel and one query.
#if defined(PENCHANT_ISA_avx512)
constexpr int kTileRows = 12;
#elif defined(PENCHANT_ISA_avx2)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kVectors = 2;  // of items in a panel
constexpr int kPanelItems = kVectors * kLanes<std::int16_t>;

/// Adds with wrapping: intermediate sums may overflow, final ones fit.
[[gnu::always_inline]] inline Sums wrapping_sum(Sums a, Sums b) {
  using Wrapping = Vec<std::uint16_t>;
  return (Sums)((Wrapping)a + (Wrapping)b);
}

/// Computes sum + u0·y0 + u1·y1 from the two bytes of each entry, u unsigned (below 128), y signed.
[[gnu::always_inline]] inline Sums add_pair(Sums sum, Sums query, Sums items) {
#if defined(PENCHANT_ISA_avx512)
  return wrapping_sum(sum, (Sums)_mm512_maddubs_epi16((__m512i)query, (__m512i)items));
#elif defined(PENCHANT_ISA_avx2)
  return wrapping_sum(sum, (Sums)_mm256_maddubs_epi16((__m256i)query, (__m256i)items));
#else
  const Sums low = (query & 0xff) * ((items << 8) >> 8), high = (query >> 8) * (items >> 8);
  return wrapping_sum(sum, wrapping_sum(low, high));
#endif
}

/// Returns one bit per entry: whether it is above the bound.
[[gnu::always_inline]] inline std::uint64_t above_bits(const Sums* sums, std::int16_t bound) {
  const Sums bounds = broadcast(bound);
#if defined(PENCHANT_ISA_avx512)
  return _mm512_cmpgt_epi16_mask((__m512i)sums[0], (__m512i)bounds) |
         std::uint64_t{_mm512_cmpgt_epi16_mask((__m512i)sums[1], (__m512i)bounds)} << 32;
#elif defined(PENCHANT_ISA_avx2)
  const __m256i bytes = _mm256_packs_epi16(_mm256_cmpgt_epi16((__m256i)sums[0], (__m256i)bounds),
                                           _mm256_cmpgt_epi16((__m256i)sums[1], (__m256i)bounds));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, 0xd8)));
#elif defined(__SSE2__)
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_packs_epi16(_mm_cmpgt_epi16((__m128i)sums[0], (__m128i)bounds),
                                        _mm_cmpgt_epi16((__m128i)sums[1], (__m128i)bounds))));
#else
  std::uint64_t bits = 0;
  for (int v = 0; v < kVectors; ++v) {
    for (int i = 0; i < kLanes<std::int16_t>; ++i) {
      bits |= std::uint64_t{sums[v][i] > bounds[i]} << (v * kLanes<std::int16_t> + i);
    }
  }
  return bits;
#endif
}

/// Computes the sums of one segment for M queries.
template <int M>
[[gnu::always_inline]] inline void add_segment(const std::int32_t* const* queries, int first,
                                               int pairs, const std::int16_t* panel,
                                               Sums (&sums)[M][kVectors]) {
#pragma GCC unroll 12
  for (int row = 0; row < M; ++row) {
    for (int v = 0; v < kVectors; ++v) sums[row][v] = load(panel + v * kLanes<std::int16_t>);
  }
  for (int pair = first; pair < first + pairs; ++pair) {
    panel += kPanelItems;
    Sums items[kVectors];
    for (int v = 0; v < kVectors; ++v) items[v] = load(panel + v * kLanes<std::int16_t>);
#pragma GCC unroll 12
    for (int row = 0; row < M; ++row) {
      const Sums query = (Sums)broadcast(queries[row][pair]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[row][v] = add_pair(sums[row][v], query, items[v]);
    }
  }
}

/// Computes the masks of one panel for M queries.
template <int M>
void above_of(const std::int32_t* const* queries, const std::int16_t* bounds,
              const QuantizedShape& shape, const std::int16_t* panel, std::uint64_t* masks) {
  Sums sums[M][kVectors];
  add_segment<M>(queries, 0, shape.pairs, panel, sums);
  if (shape.segments > 1) {
    Sums totals[M][kVectors];
    for (int row = 0; row < M; ++row) {
      for (int v = 0; v < kVectors; ++v) totals[row][v] = sums[row][v] >> shape.shift;
    }
    for (int segment = 1; segment < shape.segments; ++segment) {
      panel += (shape.pairs + 1) * kPanelItems;
      add_segment<M>(queries, segment * shape.pairs, shape.pairs, panel, sums);
      for (int row = 0; row < M; ++row) {
        for (int v = 0; v < kVectors; ++v) totals[row][v] += sums[row][v] >> shape.shift;
      }
    }
    for (int row = 0; row < M; ++row) masks[row] = above_bits(totals[row], bounds[row]);
    return;
  }
#pragma GCC unroll 12
  for (int row = 0; row < M; ++row) masks[row] = above_bits(sums[row], bounds[row]);
}

template <int M = kTileRows>
void above(const std::int32_t* const* queries, int rows, const std::int16_t* bounds,
           const QuantizedShape& shape, const std::int16_t* panels, int n_panels,
           std::uint64_t* masks) {
  if (rows >= M) {
    const auto size = static_cast<std::int64_t>(shape.segments) * (shape.pairs + 1) * kPanelItems;
    for (int panel = 0; panel < n_panels; ++panel) {
      above_of<M>(queries, bounds, shape, panels + panel * size, masks + panel * kTileRows);
    }
  } else if constexpr (M > 1) {
    above<M - 1>(queries, rows, bounds, shape, panels, n_panels, masks);
  }
}

constexpr BoundKernels kTable{kTileRows, kPanelItems, &above<>};

}  // namespace

const BoundKernels& bound_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
