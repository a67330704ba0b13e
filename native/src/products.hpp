// Products of factors with f × f matrices, by which sides are rotated.
#pragma once

#include <algorithm>
#include <cstdint>

#include "penchant/memory.hpp"
#include "penchant/solve.hpp"
#include "solve_kernels.hpp"

namespace penchant {

constexpr std::int64_t kRowsPerProduct = 1024;

/// Returns the number of chunks of this size that n rows make.
inline std::int64_t chunks_of(std::int64_t n, std::int64_t size) { return (n + size - 1) / size; }

/// Copies Q or its transpose with every row padded with zeros to `stride`.
template <class T>
Buffer<T> padded(const T* Q, std::int64_t f, std::int64_t stride, bool transposed) {
  auto out = make_buffer<T>(f * stride);
  for (std::int64_t i = 0; i < f; ++i) {
    for (std::int64_t j = 0; j < stride; ++j) {
      out[i * stride + j] = j >= f ? T(0) : transposed ? Q[j * f + i] : Q[i * f + j];
    }
  }
  return out;
}

/// Computes out = A·B on the calling thread; out may be A, B comes from `padded`.
template <class T>
void multiply_rows(Factors<const T> A, const T* B, T* out) {
  const auto& kernels = solve_kernels<T>();
  const auto scratch = make_buffer<char>(kernels.product_scratch_bytes(A.stride));
  kernels.product(A.data, A.rows, A.columns, B, A.stride, out, scratch.get());
}

/// Computes out = A·B on several threads; out may be A, B comes from `padded`.
template <class T>
void multiply(Factors<const T> A, const T* B, T* out, int threads) {
  parallel_for(chunks_of(A.rows, kRowsPerProduct), threads, [&](std::int64_t chunk, int) {
    const std::int64_t first = chunk * kRowsPerProduct;
    const std::int64_t rows = std::min(kRowsPerProduct, A.rows - first);
    multiply_rows<T>({A.data + first * A.stride, rows, A.columns, A.stride}, B,
                     out + first * A.stride);
  });
}

}  // namespace penchant
