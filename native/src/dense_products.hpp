// Gram matrices of factors, and products of factors with f × f matrices, which change coordinates.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "dense_kernels.hpp"
#include "penchant/memory.hpp"
#include "penchant/parallel.hpp"
#include "penchant/solve.hpp"

namespace penchant {

/// Returns the number of chunks of this size that n rows make.
inline std::int64_t chunks_of(std::int64_t n, std::int64_t size) { return (n + size - 1) / size; }

/// An f × f matrix, or its transpose, in the layout of the product kernel.
template <class T>
class PackedMatrix {
 public:
  PackedMatrix(const T* matrix, std::int64_t f, std::int64_t stride, bool transposed,
               Triangle triangle = Triangle::full)
      : memory_(make_buffer<T>(f * stride)), panels_{memory_.get(), f, stride, triangle} {
    const std::int64_t panel = dense_kernels<T>().panel_columns;
    for (std::int64_t first = 0; first < stride; first += panel) {
      const std::int64_t width = std::min(panel, stride - first);
      T* to = memory_.get() + first * f;
      for (std::int64_t k = 0; k < f; ++k)
        for (std::int64_t j = first; j < first + width; ++j)
          *to++ = j >= f ? T(0) : transposed ? matrix[j * f + k] : matrix[k * f + j];
    }
  }

  const Panels<T>& panels() const { return panels_; }

 private:
  Buffer<T> memory_;
  Panels<T> panels_;
};

/// Returns the number of rows of a block of factors: whole tiles that fit half of L2.
template <class T>
std::int64_t product_rows(std::int64_t stride) {
  constexpr std::int64_t bytes = 384 * 1024, most = 96;
  const std::int64_t tile = dense_kernels<T>().tile_rows;
  const std::int64_t fit = bytes / (stride * static_cast<std::int64_t>(sizeof(T)));
  return std::clamp(fit / tile * tile, tile, most);
}

/// Multiplies blocks of rows by a matrix on one thread, in place or not.
template <class T>
class RowMultiplier {
 public:
  explicit RowMultiplier(const PackedMatrix<T>& B)
      : B_(B.panels()),
        size_(product_rows<T>(B_.stride)),
        memory_(make_buffer<T>(2 * size_ * B_.stride)) {}

  /// Returns the number of rows that a call takes at most.
  std::int64_t size() const { return size_; }

  /// Computes to(k) = from(k) · B for k below `count`; from(k) and to(k) may be the same row.
  template <class From, class To>
  void multiply(std::int64_t count, const From& from, const To& to) {
    const auto& kernels = dense_kernels<T>();
    const std::int64_t stride = B_.stride;
    T *in = memory_.get(), *out = in + size_ * stride;
    copy_rows(count, from, [&](std::int64_t k) { return in + k * stride; });
    const std::int64_t whole = chunks_of(count, kernels.tile_rows) * kernels.tile_rows;
    std::fill(in + count * stride, in + whole * stride, T(0));
    kernels.product(in, whole, B_, out);
    copy_rows(count, [&](std::int64_t k) { return out + k * stride; }, to);
  }

 private:
  /// Copies rows; those that follow each other in memory at once, since a call for each would take
  /// longer than the product where rows are short.
  template <class From, class To>
  void copy_rows(std::int64_t count, const From& from, const To& to) const {
    const std::int64_t stride = B_.stride;
    std::int64_t k = 0;
    while (k < count) {
      const std::int64_t first = k++;
      while (k < count && from(k) == from(k - 1) + stride && to(k) == to(k - 1) + stride) ++k;
      std::copy_n(from(first), (k - first) * stride, to(first));
    }
  }

  const Panels<T>& B_;
  std::int64_t size_;
  Buffer<T> memory_;
};

/// Multipliers of several threads, made at their first use.
template <class T>
class RowMultipliers {
 public:
  RowMultipliers(const PackedMatrix<T>& B, int threads)
      : B_(B), of_thread_(static_cast<std::size_t>(std::max(threads, 1))) {}

  RowMultiplier<T>& of(int thread) {
    auto& multiplier = of_thread_[static_cast<std::size_t>(thread)];
    if (!multiplier) multiplier = std::make_unique<RowMultiplier<T>>(B_);
    return *multiplier;
  }

 private:
  const PackedMatrix<T>& B_;
  std::vector<std::unique_ptr<RowMultiplier<T>>> of_thread_;
};

/// Computes to(k) = from(k) · B for n rows on several threads; rows of both may be the same.
template <class T, class From, class To>
void multiply(std::int64_t n, const From& from, const PackedMatrix<T>& B, const To& to,
              int threads) {
  RowMultipliers<T> multipliers(B, threads);
  const std::int64_t size = product_rows<T>(B.panels().stride);
  parallel_for(chunks_of(n, size), threads, [&](std::int64_t chunk, int thread) {
    const std::int64_t first = chunk * size;
    multipliers.of(thread).multiply(
        std::min(size, n - first), [&](std::int64_t k) { return from(first + k); },
        [&](std::int64_t k) { return to(first + k); });
  });
}

/// Computes out = A·B on several threads; out may be A.
template <class T>
void multiply(Factors<const T> A, const PackedMatrix<T>& B, T* out, int threads) {
  multiply<T>(
      A.rows, [&](std::int64_t r) { return A.data + r * A.stride; }, B,
      [&](std::int64_t r) { return out + r * A.stride; }, threads);
}

}  // namespace penchant
