// The inner loops of learning to rank: one table per instruction set, defined by
// ranking_kernels.cpp. A row has `stride` floats, a multiple of `granule`, padded with zeros.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

struct RankingKernels {
  std::int64_t granule;

  float (*dot)(const float* a, const float* b, std::int64_t stride);

  /// Computes out = a − b.
  void (*difference)(const float* a, const float* b, std::int64_t stride, float* out);

  /// Computes out = Σ_j weights[j] · rows[features[j]].
  void (*combine)(const float* rows, std::int64_t stride, const std::int32_t* features,
                  const float* weights, std::int64_t n, float* out);

  /// Makes one AdaGrad step against the gradient scale · direction (Duchi, Hazan & Singer 2011).
  void (*adagrad)(float* row, float* squares, const float* direction, float scale, float rate,
                  float regularization, std::int64_t stride);

  /// Makes one AdaDelta step (Zeiler 2012, algorithm 1).
  void (*adadelta)(float* row, float* squares, float* steps, const float* direction, float scale,
                   float rho, float epsilon, float regularization, std::int64_t stride);
};

PENCHANT_DISPATCH(RankingKernels, ranking_kernels)

}  // namespace penchant
