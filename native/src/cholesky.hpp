// Cholesky, with the right-hand side as one more column.
#pragma once

#include "tiles.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

template <class T>
T root(T x) {
  if constexpr (sizeof(T) == sizeof(float))
    return __builtin_sqrtf(x);
  else
    return __builtin_sqrt(x);
}

/// y += a·x over [from, to), multiples of the lanes.
template <class T>
[[gnu::always_inline]] inline void axpy(T a, const T* x, T* y, std::int64_t from, std::int64_t to) {
  constexpr int L = kLanes<T>;
  const Vec<T> factor = broadcast(a);
  for (std::int64_t j = from; j < to; j += L) store(y + j, load(y + j) + factor * load(x + j));
}

template <class T>
struct Tolerance;
template <>
struct Tolerance<float> {
  // A pivot this much smaller than its diagonal entry has lost most of its digits.
  static constexpr float kPivot = 1e-4F;
  // Of a squared residual that is as good as 0.
  static constexpr double kResidual = 1e-14;
};
template <>
struct Tolerance<double> {
  // In double the bound at_least_one mends what rounding took.
  static constexpr double kPivot = -__builtin_huge_val();
  static constexpr double kResidual = 1e-28;
};

/// The pivot to divide by. I + BᵀB ⪰ I, so none can be below 1 but by rounding.
template <class T>
[[gnu::always_inline]] inline Vec<T> at_least_one(Vec<T> pivot) {
  const Vec<T> one = broadcast(T(1));
  return pivot > one ? pivot : one;
}

/// Solves U z = r for the upper triangle U of C and its column n as r, with 1 / U[i, i] in
/// `inverse`: a vector of rows at a time. False if z is not finite.
template <class T>
bool back_substitute(const T* C, std::int64_t n, std::int64_t ldc, const T* inverse, T* z) {
  constexpr int L = kLanes<T>;
  for (std::int64_t first = n - L; first >= 0; first -= L) {
    Vec<T> dots[L], columns[L], rest;
    for (int i = 0; i < L; ++i) {
      dots[i] = Vec<T>{};
      columns[i] = load(C + (first + i) * ldc + first);
      rest[i] = C[(first + i) * ldc + n];
    }
    for (std::int64_t j = first + L; j < n; j += L)
      for (int i = 0; i < L; ++i) dots[i] += load(C + (first + i) * ldc + j) * load(z + j);
    transpose<T>(columns);
    rest -= sums<T>(dots);
    for (int i = L - 1; i >= 0; --i) {
      z[first + i] = rest[i] * inverse[first + i];
      // What lies left of the diagonal only spoils entries that are done.
      rest -= broadcast(z[first + i]) * columns[i];
    }
  }
  T check = 0;
  for (std::int64_t i = 0; i < n; ++i) check += z[i] - z[i];
  return check == 0;
}

/// Rows [i, i + rows) and `vectors` columns of vectors from j on of A − UᵀU, U being the rows of C
/// above `done`. A is C, or I + PᵀP without its I where a P of some depth is given, n apart.
template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void reduced_tile(const T* P, std::int64_t depth, std::int64_t n,
                                                T* C, std::int64_t ldc, std::int64_t done,
                                                std::int64_t i, std::int64_t j) {
  constexpr int L = kLanes<T>;
  T* c = C + i * ldc + j;
  Vec<T> acc[rows][vectors];
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) acc[r][v] = depth > 0 ? Vec<T>{} : load(c + r * ldc + v * L);
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<T> right[vectors];
    for (int v = 0; v < vectors; ++v) right[v] = load(P + k * n + j + v * L);
    for (int r = 0; r < rows; ++r) {
      const Vec<T> left = broadcast(P[k * n + i + r]);
      for (int v = 0; v < vectors; ++v) acc[r][v] += left * right[v];
    }
  }
  for (std::int64_t k = 0; k < done; ++k) {
    Vec<T> right[vectors];
    for (int v = 0; v < vectors; ++v) right[v] = load(C + k * ldc + j + v * L);
    for (int r = 0; r < rows; ++r) {
      const Vec<T> left = broadcast(C[k * ldc + i + r]);
      for (int v = 0; v < vectors; ++v) acc[r][v] -= left * right[v];
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v) store(c + r * ldc + v * L, acc[r][v]);
}

/// The rows [first, first + granule) of A − UᵀU, from the diagonal on, and of the right-hand side
/// in column n. A last column of vectors is done for all rows at once: fewer sums would wait for
/// each other.
template <class T>
void reduce_rows(const T* P, std::int64_t depth, std::int64_t n, T* C, std::int64_t ldc,
                 std::int64_t first) {
  constexpr int L = kLanes<T>, G = kGranule<T>;
  const std::int64_t from = first / L * L, rest = (n - from) / L % kTileVectors,
                     whole = n - rest * L;
  for (std::int64_t i = first; i < first + G; i += kTileRows) {
    for (std::int64_t j = from; j < whole; j += kTileVectors * L)
      reduced_tile<T, kTileRows, kTileVectors>(P, depth, n, C, ldc, first, i, j);
    if (rest == 2) reduced_tile<T, kTileRows, 2>(P, depth, n, C, ldc, first, i, whole);
  }
  if (rest == 1) reduced_tile<T, G, 1>(P, depth, n, C, ldc, first, first, whole);
  reduced_tile<T, G, 1>(P, 0, n, C, ldc, first, first, n);
}

/// Eliminates `vectors` columns of vectors from j on of the granule of rows from `first` on, whose
/// square on the diagonal is factored.
template <class T, int vectors>
[[gnu::always_inline]] inline void eliminate(T* C, std::int64_t ldc, std::int64_t first,
                                             std::int64_t j, const T* inverse) {
  constexpr int L = kLanes<T>, G = kGranule<T>;
  const T* corner = C + first * ldc + first;
  Vec<T> rows[G][vectors];
  for (int k = 0; k < G; ++k)
    for (int v = 0; v < vectors; ++v) rows[k][v] = load(C + (first + k) * ldc + j + v * L);
  for (int k = 0; k < G; ++k) {
    for (int v = 0; v < vectors; ++v) {
      rows[k][v] *= broadcast(inverse[first + k]);
      store(C + (first + k) * ldc + j + v * L, rows[k][v]);
    }
    for (int i = k + 1; i < G; ++i) {
      const Vec<T> factor = broadcast(corner[k * ldc + i]);
      for (int v = 0; v < vectors; ++v) rows[i][v] -= factor * rows[k][v];
    }
  }
}

/// Factors the granule of rows of C from `first` on, which are reduced: U there, 1 / U[k, k] in
/// `diagonal`, which holds what the diagonal of A was. False if a pivot lost its digits.
template <class T>
[[gnu::always_inline]] inline bool factor_rows(T* C, std::int64_t n, std::int64_t ldc,
                                               std::int64_t first, T* diagonal) {
  constexpr int L = kLanes<T>, G = kGranule<T>, V = G / L;
  // The square on the diagonal, in registers. The roots wait: no row needs another's.
  Vec<T> square[G][V];
  T* corner = C + first * ldc + first;
  for (int k = 0; k < G; ++k)
    for (int v = 0; v < V; ++v) square[k][v] = load(corner + k * ldc + v * L);
  for (int k = 0; k < G; ++k) {
    const Vec<T> pivot = at_least_one<T>(broadcast(square[k][k / L][k % L]));
    const Vec<T> inverse = T(1) / pivot;
    for (int v = k / L; v < V; ++v) {
      const Vec<T> scaled = inverse * square[k][v];
      for (int i = k + 1; i < G; ++i) square[i][v] -= broadcast(square[k][i / L][i % L]) * scaled;
    }
  }
  for (int k = 0; k < G; ++k) {
    const T pivot = square[k][k / L][k % L];
    if (!(pivot > Tolerance<T>::kPivot * diagonal[first + k])) return false;
    diagonal[first + k] = T(1) / root(pivot < 1 ? T(1) : pivot);
    for (int v = 0; v < V; ++v)
      store(corner + k * ldc + v * L, square[k][v] * broadcast(diagonal[first + k]));
  }
  std::int64_t j = first + G;
  for (; j + L < n + L; j += 2 * L) eliminate<T, 2>(C, ldc, first, j, diagonal);
  if (j < n + L) eliminate<T, 1>(C, ldc, first, j, diagonal);
  return true;
}

/// Solves A z = r. A ⪰ I is n × n: C's upper triangle, or I + PᵀP where a P of some depth is given,
/// n apart. r is the column n of C, which is n × ldc with ldc ≥ n + lanes, n a multiple of the
/// granule, and is used up; z has n entries. Row by row of granules, each reduced by those above
/// it once, so that C is stored once. Returns false if a pivot lost its digits.
template <class T>
bool cholesky_solve(const T* P, std::int64_t depth, T* C, std::int64_t n, std::int64_t ldc,
                    T* diagonal, T* z) {
  constexpr int G = kGranule<T>, L = kLanes<T>;
  if (depth == 0)
    for (std::int64_t i = 0; i < n; ++i) diagonal[i] = C[i * ldc + i];
  else
    for (std::int64_t i = 0; i < n; i += L) {
      Vec<T> acc = broadcast(T(1));
      for (std::int64_t k = 0; k < depth; ++k) acc += load(P + k * n + i) * load(P + k * n + i);
      store(diagonal + i, acc);
    }
  for (std::int64_t first = 0; first < n; first += G) {
    reduce_rows(P, depth, n, C, ldc, first);
    if (depth > 0)
      for (std::int64_t k = first; k < first + G; ++k) C[k * ldc + k] += 1;
    if (!factor_rows(C, n, ldc, first, diagonal)) return false;
  }
  return back_substitute(C, n, ldc, diagonal, z);
}

/// C = value · I, the upper triangle and what lies right of it.
template <class T>
void set_diagonal(T value, T* C, std::int64_t n, std::int64_t ldc) {
  constexpr int L = kLanes<T>;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = i / kGranule<T> * kGranule<T>; j < ldc; j += L)
      store(C + i * ldc + j, Vec<T>{});
    C[i * ldc + i] = value;
  }
}

}  // namespace
}  // namespace penchant::PENCHANT_ISA
