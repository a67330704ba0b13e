#include "penchant/momentum.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "dense_products.hpp"
#include "momentum_kernels.hpp"

namespace penchant {
namespace {

constexpr std::int64_t kRowsAtOnce = 128;

/// Calls work(first, rows, thread) for chunks of `size` rows.
template <class Work>
void in_chunks(std::int64_t n_rows, std::int64_t size, int threads, const Work& work) {
  parallel_for(chunks_of(n_rows, size), threads, [&](std::int64_t chunk, int thread) {
    const std::int64_t first = chunk * size;
    work(first, std::min(size, n_rows - first), thread);
  });
}

}  // namespace

void quantize_previous(Factors<const float> X, QuantizedFactors out, int threads) {
  const auto& kernels = momentum_kernels();
  in_chunks(X.rows, kRowsAtOnce, threads, [&](std::int64_t first, std::int64_t rows, int) {
    for (std::int64_t r = first; r < first + rows; ++r)
      kernels.pack(X.data + r * X.stride, X.stride, out.values + r * X.stride, out.row_max + r);
  });
}

void extrapolate(Factors<float> X, QuantizedFactors before, const float* rotation, float momentum,
                 int threads) {
  const auto& kernels = momentum_kernels();
  const std::int64_t stride = X.stride, size = product_rows<float>(stride);
  std::optional<PackedMatrix<float>> Q;
  if (rotation != nullptr) Q.emplace(rotation, X.columns, stride, false);
  std::optional<RowMultipliers<float>> multipliers;
  if (Q) multipliers.emplace(*Q, threads);
  std::vector<Buffer<float>> buffers(static_cast<std::size_t>(std::max(threads, 1)));
  in_chunks(X.rows, size, threads, [&](std::int64_t first, std::int64_t rows, int thread) {
    auto& previous = buffers[static_cast<std::size_t>(thread)];
    if (!previous) previous = make_buffer<float>(size * stride);
    for (std::int64_t r = 0; r < rows; ++r)
      kernels.unpack(before.values + (first + r) * stride, before.row_max[first + r], stride,
                     previous.get() + r * stride);
    const auto row = [&](std::int64_t r) { return previous.get() + r * stride; };
    if (multipliers) multipliers->of(thread).multiply(rows, row, row);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* x = X.data + (first + r) * stride;
      kernels.pack(x, stride, before.values + (first + r) * stride, before.row_max + first + r);
      kernels.move_on(x, previous.get() + r * stride, momentum, stride);
    }
  });
}

}  // namespace penchant
