// Vectors of the width of the instruction set being compiled for, by GCC/Clang extensions.
// Only kernel sources (*_kernels.cpp) include this: it means another thing in each build.
#pragma once

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

/// The sum of the entries, always in the same order.
template <class T>
[[gnu::always_inline]] inline T sum(Vec<T> value) {
  T total = 0;
  for (int i = 0; i < lanes<T>; ++i) total += value[i];
  return total;
}

}  // namespace tacit::TACIT_ISA
