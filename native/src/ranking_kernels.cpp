#include "ranking_kernels.hpp"

#include "penchant/simd.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kWidth = kLanes<float>;

float dot(const float* a, const float* b, std::int64_t stride) {
  Vec<float> sums[4] = {};
  std::int64_t k = 0;
  for (; k + 4 * kWidth <= stride; k += 4 * kWidth) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sums[v] += load(a + k + v * kWidth) * load(b + k + v * kWidth);
  }
  for (; k < stride; k += kWidth) sums[0] += load(a + k) * load(b + k);
  return sum<float>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

void difference(const float* a, const float* b, std::int64_t stride, float* out) {
  for (std::int64_t k = 0; k < stride; k += kWidth) store(out + k, load(a + k) - load(b + k));
}

void combine(const float* rows, std::int64_t stride, const std::int32_t* features,
             const float* weights, std::int64_t n, float* out) {
  for (std::int64_t k = 0; k < stride; k += kWidth) store(out + k, Vec<float>{});
  for (std::int64_t j = 0; j < n; ++j) {
    const float* row = rows + features[j] * stride;
    const Vec<float> weight = broadcast(weights[j]);
    for (std::int64_t k = 0; k < stride; k += kWidth)
      store(out + k, load(out + k) + weight * load(row + k));
  }
}

// Steps are plain loops, since vector extensions have no square root; the compiler vectorizes them.

void adagrad(float* __restrict row, float* __restrict squares, const float* __restrict direction,
             float scale, float rate, float regularization, std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; ++k) {
    const float gradient = scale * direction[k];
    const float local = rate / __builtin_sqrtf(squares[k]);
    row[k] = (row[k] - local * gradient) * (1.0F - regularization * local);
    squares[k] += gradient * gradient;
  }
}

void adadelta(float* __restrict row, float* __restrict squares, float* __restrict steps,
              const float* __restrict direction, float scale, float rho, float epsilon,
              float regularization, std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; ++k) {
    const float gradient = scale * direction[k];
    squares[k] = rho * squares[k] + (1.0F - rho) * gradient * gradient;
    const float local = __builtin_sqrtf((steps[k] + epsilon) / (squares[k] + epsilon));
    const float step = local * gradient;
    steps[k] = rho * steps[k] + (1.0F - rho) * step * step;
    row[k] = (row[k] - step) * (1.0F - regularization * local);
  }
}

constexpr RankingKernels kTable{kWidth, &dot, &difference, &combine, &adagrad, &adadelta};

}  // namespace

const RankingKernels& ranking_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
