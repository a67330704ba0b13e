// Solution by Cholesky factorization, with the right-hand side as an additional column.
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

/// Computes y += a·x over [from, to), multiples of the lanes.
template <class T>
[[gnu::always_inline]] inline void axpy(T a, const T* x, T* y, std::int64_t from, std::int64_t to) {
  constexpr int L = kLanes<T>;
  const Vec<T> factor = broadcast(a);
  for (std::int64_t j = from; j < to; j += L) store(y + j, load(y + j) + factor * load(x + j));
}

/// Limits of precision.
template <class T>
struct Tolerance;
template <>
struct Tolerance<float> {
  // A pivot smaller than its diagonal entry by this factor has lost most of its digits.
  static constexpr float kPivot = 1e-4F;
  // A squared residual smaller by this factor counts as 0.
  static constexpr double kResidual = 1e-14;
};
template <>
struct Tolerance<double> {
  // In double, at_least_one corrects what rounding lost.
  static constexpr double kPivot = -__builtin_huge_val();
  static constexpr double kResidual = 1e-28;
};

/// Bounds a pivot from below. I + BᵀB ⪰ I, so pivots below 1 come from rounding.
template <class T>
[[gnu::always_inline]] inline Vec<T> at_least_one(Vec<T> pivot) {
  const Vec<T> one = broadcast(T(1));
  return pivot > one ? pivot : one;
}

/// Solves U z = r, where U is the upper triangle of C and r its column n, with 1 / U[i, i] in
/// `inverse`, a vector of rows at a time. Returns false if z is not finite.
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
      // Numbers left of the diagonal change only entries that are not used again.
      rest -= broadcast(z[first + i]) * columns[i];
    }
  }
  T check = 0;
  for (std::int64_t i = 0; i < n; ++i) check += z[i] - z[i];
  return check == 0;
}

/// Computes rows [i, i + rows) and `vectors` columns of vectors from j on of A − UᵀU, where U is
/// the first `n_factored` rows of C. A is C or, if depth > 0, PᵀP with rows of P n apart.
template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void reduced_tile(const T* P, std::int64_t depth, std::int64_t n,
                                                T* C, std::int64_t ldc, std::int64_t n_factored,
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
  for (std::int64_t k = 0; k < n_factored; ++k) {
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

/// Computes the rows [first, first + granule) of A − UᵀU from the diagonal on, and of the
/// right-hand side in column n. A last column of vectors is computed for all rows together, to have
/// more independent sums.
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

/// Eliminates `vectors` columns of vectors from j on in the granule of rows from `first` on, whose
/// diagonal block is factored.
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

/// Factors the granule of reduced rows of C from `first` on into U, and replaces the diagonal of A
/// in `diagonal` by 1 / U[k, k]. Returns false if a pivot lost its digits.
template <class T>
[[gnu::always_inline]] inline bool factor_rows(T* C, std::int64_t n, std::int64_t ldc,
                                               std::int64_t first, T* diagonal) {
  constexpr int L = kLanes<T>, G = kGranule<T>, V = G / L;
  // The diagonal block, in registers. Square roots come later: no row needs that of another.
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

/// Solves A z = r for A ⪰ I, n × n. Returns false if a pivot lost its digits.
///
/// A is the upper triangle of C or, if depth > 0, I + PᵀP with rows of P n apart. r is the column n
/// of C. C is n × ldc with ldc ≥ n + lanes, n a multiple of the granule, and is overwritten. Each
/// granule of rows is reduced once by all rows above it, so that C is stored once.
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

/// Sets the upper triangle of C to that of value · I, and the columns right of it to 0.
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
