// Weighted sums of rows, and products of rows with a vector.
#pragma once

#include "solve_kernels.hpp"
#include "tiles.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

/// Adds Σ_i weight_i row(i) over `count` rows to `vectors` vectors of `out` from j on, with the
/// sums in registers.
template <class T, int vectors, class Row>
[[gnu::always_inline]] inline void add_rows(const Row& row, const T* weight, std::int64_t count,
                                            std::int64_t j, T* out) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[vectors];
  for (int v = 0; v < vectors; ++v) acc[v] = load(out + j + v * L);
  for (std::int64_t i = 0; i < count; ++i) {
    const Vec<T> factor = broadcast(weight[i]);
    const T* from = row(i) + j;
    for (int v = 0; v < vectors; ++v) acc[v] += factor * load(from + v * L);
  }
  for (int v = 0; v < vectors; ++v) store(out + j + v * L, acc[v]);
}

/// Adds Σ_i weight_i row(i) to `out`.
template <class T, class Row>
[[gnu::always_inline]] inline void add_rows(const Row& row, const T* weight, std::int64_t count,
                                            std::int64_t f, T* out) {
  constexpr int L = kLanes<T>;
  std::int64_t j = 0;
  for (; j + 8 * L <= f; j += 8 * L) add_rows<T, 8>(row, weight, count, j, out);
  if (j + 4 * L <= f) add_rows<T, 4>(row, weight, count, j, out), j += 4 * L;
  if (j + 2 * L <= f) add_rows<T, 2>(row, weight, count, j, out), j += 2 * L;
  if (j + L <= f) add_rows<T, 1>(row, weight, count, j, out);
}

/// Computes row(i)·q for as many rows as a vector has lanes.
template <class T, class Row>
[[gnu::always_inline]] inline Vec<T> products(const Row& row, const T* q, std::int64_t f) {
  constexpr int L = kLanes<T>;
  Vec<T> dots[L];
  const T* from[L];
  for (int i = 0; i < L; ++i) dots[i] = Vec<T>{}, from[i] = row(i);
  for (std::int64_t j = 0; j < f; j += L) {
    const Vec<T> right = load(q + j);
    for (int i = 0; i < L; ++i) dots[i] += load(from[i] + j) * right;
  }
  return sums<T>(dots);
}

/// Prefetches the row of W of entry i, if there is one in this row or the next.
template <class S>
[[gnu::always_inline]] inline void prefetch_row(const RowProblem<S>& row, std::int64_t i) {
  if (i >= row.n + row.n_next) return;
  const char* at = reinterpret_cast<const char*>(row.W + row.columns[i] * row.stride);
  for (std::int64_t byte = 0; byte < row.stride * static_cast<std::int64_t>(sizeof(S)); byte += 64)
    __builtin_prefetch(at + byte);
}

}  // namespace
}  // namespace penchant::PENCHANT_ISA
