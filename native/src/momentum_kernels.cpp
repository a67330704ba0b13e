#include "momentum_kernels.hpp"

#include "penchant/simd.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kWidth = kLanes<float>;
constexpr float kLargestValue = 32767;

// Loops are plain where the compiler vectorizes them.

float largest_of(const float* row, std::int64_t stride) {
  Vec<float> tops{};
  for (std::int64_t k = 0; k < stride; k += kWidth) {
    const Vec<float> x = load(row + k), size = x < 0.0F ? -x : x;
    tops = size > tops ? size : tops;
  }
  float top = 0;
  for (int k = 0; k < kWidth; ++k) top = tops[k] > top ? tops[k] : top;
  return top;
}

void pack(const float* __restrict row, std::int64_t stride, std::int16_t* __restrict values,
          float* row_max) {
  const float top = largest_of(row, stride);
  const bool counts = top >= 1e-33F;  // below, the scale would not be finite
  const float scale = counts ? kLargestValue / top : 0;
  for (std::int64_t k = 0; k < stride; ++k) {
    const float x = scale * row[k];
    values[k] = static_cast<std::int16_t>(static_cast<std::int32_t>(x + (x < 0 ? -0.5F : 0.5F)));
  }
  *row_max = counts ? top : 0;
}

void unpack(const std::int16_t* __restrict values, float row_max, std::int64_t stride,
            float* __restrict row) {
  const float scale = row_max / kLargestValue;
  for (std::int64_t k = 0; k < stride; ++k) row[k] = scale * static_cast<float>(values[k]);
}

void move_on(float* __restrict row, const float* __restrict before, float momentum,
             std::int64_t stride) {
  for (std::int64_t k = 0; k < stride; ++k) row[k] += momentum * (row[k] - before[k]);
}

const MomentumKernels kTable{pack, unpack, move_on};

}  // namespace

const MomentumKernels& momentum_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
