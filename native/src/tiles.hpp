// C ± A·B in register tiles, the micro-kernel of the exact solver.
#pragma once

#include "penchant/simd.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kTileRows = 4;
constexpr int kTileVectors = 3;
constexpr std::int64_t kAlignment = 64;

constexpr std::int64_t round_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
constexpr std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Sizes of systems are multiples of this: whole vectors and whole tiles.
template <class T>
constexpr int kGranule = kLanes<T> < kTileRows ? kTileRows : kLanes<T>;

/// An allocator of aligned pieces of a block of scratch memory.
struct Scratch {
  char* next;
  template <class T>
  T* take(std::int64_t n) {
    T* piece = reinterpret_cast<T*>(next);
    next += round_up(n * static_cast<std::int64_t>(sizeof(T)), kAlignment);
    return piece;
  }
};

/// Adds sign · Σ_k A[i, k] B[k, j] to C[i, j] for a tile of `rows` × `vectors`; A[i, k] is at
/// a[i·a_row + k·a_column].
template <class T, int rows, int vectors, int sign>
[[gnu::always_inline]] inline void tile(std::int64_t depth, const T* a, std::int64_t a_row,
                                        std::int64_t a_column, const T* b, std::int64_t ldb, T* c,
                                        std::int64_t ldc) {
  constexpr int L = kLanes<T>;
  Vec<T> acc[rows][vectors];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) acc[i][j] = load(c + i * ldc + j * L);
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<T> right[vectors];
    for (int j = 0; j < vectors; ++j) right[j] = load(b + k * ldb + j * L);
    for (int i = 0; i < rows; ++i) {
      const Vec<T> left = broadcast(a[i * a_row + k * a_column]);
      for (int j = 0; j < vectors; ++j) {
        if constexpr (sign > 0)
          acc[i][j] += left * right[j];
        else
          acc[i][j] -= left * right[j];
      }
    }
  }
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < vectors; ++j) store(c + i * ldc + j * L, acc[i][j]);
}

/// Updates a strip of `rows` rows of C over the columns [from, to), multiples of the lanes. `a` and
/// `b` are columns of one matrix, rows ldp apart; A is the transpose.
template <class T, int rows, int sign>
void strip(std::int64_t depth, const T* a, const T* b, std::int64_t ldp, T* c, std::int64_t ldc,
           std::int64_t from, std::int64_t to) {
  constexpr int L = kLanes<T>;
  std::int64_t j = from;
  for (; j + kTileVectors * L <= to; j += kTileVectors * L)
    tile<T, rows, kTileVectors, sign>(depth, a, 1, ldp, b + j, ldp, c + j, ldc);
  if (j + 2 * L <= to) {
    tile<T, rows, 2, sign>(depth, a, 1, ldp, b + j, ldp, c + j, ldc);
  } else if (j + L <= to) {
    tile<T, rows, 1, sign>(depth, a, 1, ldp, b + j, ldp, c + j, ldc);
  }
}

/// Updates two adjacent strips that begin at the same column. A last column of vectors is computed
/// for both together, to have twice as many independent sums.
template <class T, int sign>
void two_strips(std::int64_t depth, const T* a, const T* b, std::int64_t ldp, T* c,
                std::int64_t ldc, std::int64_t from, std::int64_t to) {
  constexpr int L = kLanes<T>;
  const std::int64_t whole = to - (to - from) / L % kTileVectors * L;
  strip<T, kTileRows, sign>(depth, a, b, ldp, c, ldc, from, whole);
  strip<T, kTileRows, sign>(depth, a + kTileRows, b, ldp, c + kTileRows * ldc, ldc, from, whole);
  if (to - whole == 2 * L) {
    strip<T, kTileRows, sign>(depth, a, b, ldp, c, ldc, whole, to);
    strip<T, kTileRows, sign>(depth, a + kTileRows, b, ldp, c + kTileRows * ldc, ldc, whole, to);
  } else if (to - whole == L) {
    tile<T, 2 * kTileRows, 1, sign>(depth, a, 1, ldp, b + whole, ldp, c + whole, ldc);
  }
}

/// Updates the upper triangle of C ± PᵀP, rows and columns [begin, n), and the columns up to
/// `width`. P is depth × width, stride ldp; begin and n are multiples of the granule.
template <class T, int sign>
void upper_update(std::int64_t depth, const T* P, std::int64_t ldp, T* C, std::int64_t ldc,
                  std::int64_t begin, std::int64_t n, std::int64_t width) {
  constexpr int L = kLanes<T>, rows = L < 2 * kTileRows ? kTileRows : 2 * kTileRows;
  for (std::int64_t i = begin; i < n; i += rows) {
    const std::int64_t from = i / L * L;
    if constexpr (rows == kTileRows)
      strip<T, rows, sign>(depth, P + i, P, ldp, C + i * ldc, ldc, from, width);
    else
      two_strips<T, sign>(depth, P + i, P, ldp, C + i * ldc, ldc, from, width);
  }
}

}  // namespace
}  // namespace penchant::PENCHANT_ISA
