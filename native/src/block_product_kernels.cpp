#include "block_product_kernels.hpp"

#include "penchant/simd.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kMostVectors = 8;     // accumulators of a strip
constexpr std::int64_t kAhead = 8;  // entries between a prefetch and its use

template <class T>
[[gnu::always_inline]] inline Vec<T> weight(const float* values, std::int64_t k) {
  return broadcast(values ? static_cast<T>(values[k]) : T{1});
}

/// The columns [from, from + vectors · lanes) of the sum.
template <class T, int vectors>
void strip(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
           std::int64_t width, T* out) {
  Vec<T> sums[vectors] = {};
  for (std::int64_t k = 0; k < n; ++k) {
    if (k + kAhead < n) {
      const T* next = block + columns[k + kAhead] * width;
      constexpr int line = 64 / static_cast<int>(sizeof(T));
      for (int j = 0; j < vectors * kLanes<T>; j += line) __builtin_prefetch(next + j);
    }
    const T* row = block + columns[k] * width;
    const Vec<T> left = weight<T>(values, k);
    for (int j = 0; j < vectors; ++j) sums[j] += left * load(row + j * kLanes<T>);
  }
  for (int j = 0; j < vectors; ++j) store(out + j * kLanes<T>, sums[j]);
}

/// The last columns, fewer than a vector: in a vector too, so that they are rounded alike.
template <class T>
void rest(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
          std::int64_t width, std::int64_t count, T* out) {
  Vec<T> sums{};
  for (std::int64_t k = 0; k < n; ++k) {
    const T* row = block + columns[k] * width;
    Vec<T> right{};
    for (std::int64_t j = 0; j < count; ++j) right[j] = row[j];
    sums += weight<T>(values, k) * right;
  }
  for (std::int64_t j = 0; j < count; ++j) out[j] = sums[j];
}

/// A single column: a chain of numbers, which needs no vectors.
template <class T>
void single(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
            std::int64_t width, T* out) {
  T sum = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const T left = values ? static_cast<T>(values[k]) : T{1};
    sum = fused(left, block[columns[k] * width], sum);
  }
  *out = sum;
}

template <class T, int vectors = kMostVectors>
void strips(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
            std::int64_t width, std::int64_t from, T* out) {
  constexpr std::int64_t size = vectors * kLanes<T>;
  for (; from + size <= width; from += size)
    strip<T, vectors>(columns, values, n, block + from, width, out + from);
  if constexpr (vectors > 1) {
    strips<T, vectors / 2>(columns, values, n, block, width, from, out);
  } else if (from + 1 == width) {
    single<T>(columns, values, n, block + from, width, out + from);
  } else if (from < width) {
    rest<T>(columns, values, n, block + from, width, width - from, out + from);
  }
}

template <class T>
void row(const std::int32_t* columns, const float* values, std::int64_t n, const T* block,
         std::int64_t width, T* out) {
  strips<T>(columns, values, n, block, width, 0, out);
}

template <class T>
constexpr BlockProductKernels<T> kTable{&row<T>};

}  // namespace

const BlockProductKernels<float>& block_product_kernels_f32() { return kTable<float>; }
const BlockProductKernels<double>& block_product_kernels_f64() { return kTable<double>; }

}  // namespace penchant::PENCHANT_ISA
