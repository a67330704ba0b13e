// Vectors of the width of the instruction set being compiled for, by GCC/Clang extensions.
// Only kernel sources (*_kernels.cpp) include this: it means another thing in each build.
#pragma once

#include <cstdint>
#include <utility>

#if defined(TACIT_ISA_avx512)
#define TACIT_VECTOR_BYTES 64
#elif defined(TACIT_ISA_avx2)
#define TACIT_VECTOR_BYTES 32
#else
#define TACIT_VECTOR_BYTES 16
#endif

namespace tacit::TACIT_ISA {

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(TACIT_VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(TACIT_VECTOR_BYTES), aligned(sizeof(T))));
};

template <class T>
using Vec = typename VectorOf<T>::type;

/// Entries of T in a vector.
template <class T>
inline constexpr int lanes = TACIT_VECTOR_BYTES / static_cast<int>(sizeof(T));

template <class T>
[[gnu::always_inline]] inline Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(from);
}

template <class T>
[[gnu::always_inline]] inline void store(T* to, Vec<T> value) {
  *reinterpret_cast<typename VectorOf<T>::unaligned*>(to) = value;
}

/// The same number in every entry.
template <class T>
[[gnu::always_inline]] inline Vec<T> broadcast(T value) {
  return value - Vec<T>{};
}

template <class T, int by, int... I>
[[gnu::always_inline]] inline Vec<T> rotated(Vec<T> v, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, v, ((I + by) % lanes<T>)...);
}

/// The sum of the entries, always in the same order: halves are added until one is left.
template <class T, int by = lanes<T> / 2>
[[gnu::always_inline]] inline T sum(Vec<T> value) {
  const Vec<T> halved = value + rotated<T, by>(value, std::make_integer_sequence<int, lanes<T>>{});
  if constexpr (by > 1) return sum<T, by / 2>(halved);
  else return halved[0];
}

/// The entries of one half of a and of b in turn: a0 b0 a1 b1 … from `first` on.
template <class T, int first, int... I>
[[gnu::always_inline]] inline Vec<T> interleaved(Vec<T> a, Vec<T> b,
                                                 std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (first + I / 2 + (I % 2) * lanes<T>)...);
}

/// Transposes a square of lanes × lanes entries: `to` row j is `from` column j.
template <class T>
[[gnu::always_inline]] inline void transpose_square(const T* from, std::int64_t from_stride, T* to,
                                                    std::int64_t to_stride) {
  constexpr int L = lanes<T>;
  constexpr auto indices = std::make_integer_sequence<int, L>{};
  Vec<T> rows[L], next[L];
  for (int i = 0; i < L; ++i) rows[i] = load(from + i * from_stride);
  for (int step = 1; step < L; step *= 2) {
    for (int i = 0; i < L / 2; ++i) {
      next[2 * i] = interleaved<T, 0>(rows[i], rows[i + L / 2], indices);
      next[2 * i + 1] = interleaved<T, L / 2>(rows[i], rows[i + L / 2], indices);
    }
    for (int i = 0; i < L; ++i) rows[i] = next[i];
  }
  for (int i = 0; i < L; ++i) store(to + i * to_stride, rows[i]);
}

}  // namespace tacit::TACIT_ISA
