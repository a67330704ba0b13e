#include "tacit/momentum.hpp"

#include <algorithm>
#include <cmath>

#include "products.hpp"

namespace tacit {
namespace {

constexpr std::int64_t rows_at_once = 256;  // what is unpacked stays in the cache
constexpr float most = 32767;

void pack(const float* row, std::int64_t n, std::int16_t* numbers, float* largest) {
  float top = 0;
  for (std::int64_t j = 0; j < n; ++j) top = std::max(top, std::abs(row[j]));
  const float scale = top > 0 ? most / top : 0;
  // Numbers so small that the scale overflows are forgotten: as nothing they are as good.
  const bool counts = std::isfinite(scale);
  for (std::int64_t j = 0; j < n; ++j) {
    const float x = counts ? row[j] * scale : 0;
    numbers[j] = static_cast<std::int16_t>(x + (x < 0 ? -0.5F : 0.5F));
  }
  *largest = counts ? top : 0;
}

void unpack(const std::int16_t* numbers, float largest, std::int64_t n, float* row) {
  const float scale = largest / most;
  for (std::int64_t j = 0; j < n; ++j) row[j] = scale * numbers[j];
}

/// Calls work(first, rows) for chunks of the rows.
template <class Work>
void in_chunks(std::int64_t n_rows, int threads, const Work& work) {
  parallel_for(chunks_of(n_rows, rows_at_once), threads, [&](std::int64_t chunk, int) {
    const std::int64_t first = chunk * rows_at_once;
    work(first, std::min(rows_at_once, n_rows - first));
  });
}

}  // namespace

void remember(Factors<const float> X, Remembered out, int threads) {
  in_chunks(X.rows, threads, [&](std::int64_t first, std::int64_t rows) {
    for (std::int64_t r = first; r < first + rows; ++r)
      pack(X.data + r * X.stride, X.stride, out.numbers + r * X.stride, out.largest + r);
  });
}

void extrapolate(Factors<float> X, Remembered before, const float* turn, float momentum,
                 int threads) {
  const std::int64_t stride = X.stride;
  const auto Q = padded(turn, X.columns, stride, false);
  in_chunks(X.rows, threads, [&](std::int64_t first, std::int64_t rows) {
    const auto was = make_buffer<float>(rows * stride);
    for (std::int64_t r = 0; r < rows; ++r)
      unpack(before.numbers + (first + r) * stride, before.largest[first + r], stride,
             was.get() + r * stride);
    multiply_rows<float>({was.get(), rows, X.columns, stride}, Q.get(), was.get());
    for (std::int64_t r = 0; r < rows; ++r) {
      float* x = X.data + (first + r) * stride;
      const float* b = was.get() + r * stride;
      pack(x, stride, before.numbers + (first + r) * stride, before.largest + first + r);
      for (std::int64_t j = 0; j < stride; ++j) x[j] += momentum * (x[j] - b[j]);
    }
  });
}

}  // namespace tacit
