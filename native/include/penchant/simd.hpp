// Vectors of the width of the instruction set being compiled for, by GCC/Clang extensions.
// Only kernel sources (*_kernels.cpp) include this: it means another thing in each build.
#pragma once

#include <cstdint>
#include <utility>

#if defined(PENCHANT_ISA_avx512)
#define PENCHANT_VECTOR_BYTES 64
#elif defined(PENCHANT_ISA_avx2)
#define PENCHANT_VECTOR_BYTES 32
#else
#define PENCHANT_VECTOR_BYTES 16
#endif

namespace penchant::PENCHANT_ISA {

template <class T>
struct VectorOf {
  // NOLINTNEXTLINE(modernize-use-using): GCC ignores vector_size in a dependent alias
  typedef T type __attribute__((vector_size(PENCHANT_VECTOR_BYTES)));
  // NOLINTNEXTLINE(modernize-use-using)
  typedef T unaligned __attribute__((vector_size(PENCHANT_VECTOR_BYTES), aligned(sizeof(T))));
};

template <class T>
using Vec = typename VectorOf<T>::type;

/// The number of entries of T in a vector.
template <class T>
inline constexpr int kLanes = PENCHANT_VECTOR_BYTES / static_cast<int>(sizeof(T));

template <class T>
[[gnu::always_inline]] inline Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(from);
}

/// Loads as many numbers of another type and converts them to T.
template <class T, class S>
[[gnu::always_inline]] inline Vec<T> load_as(const S* from) {
  if constexpr (sizeof(T) == sizeof(S))
    return load(from);
  else {
    Vec<T> out;
    for (int k = 0; k < kLanes<T>; ++k) out[k] = static_cast<T>(from[k]);
    return out;
  }
}

template <class T>
[[gnu::always_inline]] inline void store(T* to, Vec<T> value) {
  *reinterpret_cast<typename VectorOf<T>::unaligned*>(to) = value;
}

/// Returns a vector with the same number in every entry.
template <class T>
[[gnu::always_inline]] inline Vec<T> broadcast(T value) {
  return value - Vec<T>{};
}

template <class T, int by, int... I>
[[gnu::always_inline]] inline Vec<T> rotated(Vec<T> v, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, v, ((I + by) % kLanes<T>)...);
}

/// Sums the entries, always in the same order: halves are added until one number is left.
template <class T, int by = kLanes<T> / 2>
[[gnu::always_inline]] inline T sum(Vec<T> value) {
  const Vec<T> halved = value + rotated<T, by>(value, std::make_integer_sequence<int, kLanes<T>>{});
  if constexpr (by > 1)
    return sum<T, by / 2>(halved);
  else
    return halved[0];
}

/// The first or the second half of every group of G entries of a, then that of b.
template <class T, int G, int half, int... I>
[[gnu::always_inline]] inline Vec<T> halves(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(
      a, b, (I / G * G + half * (G / 2) + I % (G / 2) + (I % G >= G / 2) * kLanes<T>)...);
}

/// Every second entry of a's groups of G, then of b's, `from` the first or the second on.
template <class T, int G, int from, int... I>
[[gnu::always_inline]] inline Vec<T> every_second(Vec<T> a, Vec<T> b,
                                                  std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(
      a, b, (I / G * G + from + I % (G / 2) * 2 + (I % G >= G / 2) * kLanes<T>)...);
}

/// Rows become columns, as many as a vector has lanes; every shuffle is one instruction.
template <class T>
[[gnu::always_inline]] inline void transpose(Vec<T>* rows) {
  constexpr int L = kLanes<T>, lane = 16 / static_cast<int>(sizeof(T));
  constexpr auto I = std::make_integer_sequence<int, L>{};
  Vec<T> next[L];
  if constexpr (lane == 4) {
    for (int i = 0; i < L; i += 2) {
      next[i] = halves<T, 4, 0>(rows[i], rows[i + 1], I);
      next[i + 1] = halves<T, 4, 1>(rows[i], rows[i + 1], I);
    }
    for (int i = 0; i < L; i += 4)
      for (int half = 0; half < 2; ++half) {
        rows[i + 2 * half] = every_second<T, 4, 0>(next[i + half], next[i + 2 + half], I);
        rows[i + 2 * half + 1] = every_second<T, 4, 1>(next[i + half], next[i + 2 + half], I);
      }
  } else {
    for (int i = 0; i < L; i += 2) {
      next[i] = every_second<T, 2, 0>(rows[i], rows[i + 1], I);
      next[i + 1] = every_second<T, 2, 1>(rows[i], rows[i + 1], I);
    }
    for (int i = 0; i < L; ++i) rows[i] = next[i];
  }
  if constexpr (L >= 2 * lane) {
    for (int i = 0; i < L; i += 2 * lane)
      for (int k = 0; k < lane; ++k) {
        next[i + k] = halves<T, 2 * lane, 0>(rows[i + k], rows[i + lane + k], I);
        next[i + lane + k] = halves<T, 2 * lane, 1>(rows[i + k], rows[i + lane + k], I);
      }
    for (int i = 0; i < L; ++i) rows[i] = next[i];
  }
  if constexpr (L >= 4 * lane) {
    for (int k = 0; k < 2 * lane; ++k) {
      next[k] = halves<T, L, 0>(rows[k], rows[2 * lane + k], I);
      next[2 * lane + k] = halves<T, L, 1>(rows[k], rows[2 * lane + k], I);
    }
    for (int i = 0; i < L; ++i) rows[i] = next[i];
  }
}

/// The sums of as many vectors as there are lanes, in a tree of shuffles that each are one
/// instruction: within the 16 bytes of a lane of the hardware first, then across.
template <class T>
[[gnu::always_inline]] inline Vec<T> sums(Vec<T>* rows) {
  constexpr int L = kLanes<T>, lane = 16 / static_cast<int>(sizeof(T));
  constexpr auto I = std::make_integer_sequence<int, L>{};
  int n = L;
  if constexpr (lane == 4) {
    n /= 2;
    for (int i = 0; i < n; ++i)
      rows[i] = halves<T, 4, 0>(rows[2 * i], rows[2 * i + 1], I) +
                halves<T, 4, 1>(rows[2 * i], rows[2 * i + 1], I);
  }
  n /= 2;
  for (int i = 0; i < n; ++i)
    rows[i] = every_second<T, lane, 0>(rows[2 * i], rows[2 * i + 1], I) +
              every_second<T, lane, 1>(rows[2 * i], rows[2 * i + 1], I);
  if constexpr (L >= 2 * lane) {
    n /= 2;
    for (int i = 0; i < n; ++i)
      rows[i] = halves<T, 2 * lane, 0>(rows[2 * i], rows[2 * i + 1], I) +
                halves<T, 2 * lane, 1>(rows[2 * i], rows[2 * i + 1], I);
  }
  if constexpr (L >= 4 * lane)
    rows[0] = halves<T, L, 0>(rows[0], rows[1], I) + halves<T, L, 1>(rows[0], rows[1], I);
  return rows[0];
}

/// Transposes a square of lanes × lanes entries: `to` row j is `from` column j.
template <class T>
[[gnu::always_inline]] inline void transpose_square(const T* from, std::int64_t from_stride, T* to,
                                                    std::int64_t to_stride) {
  constexpr int L = kLanes<T>;
  Vec<T> rows[L];
  for (int i = 0; i < L; ++i) rows[i] = load(from + i * from_stride);
  transpose<T>(rows);
  for (int i = 0; i < L; ++i) store(to + i * to_stride, rows[i]);
}

}  // namespace penchant::PENCHANT_ISA
