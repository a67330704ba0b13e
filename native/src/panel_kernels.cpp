// Compiled without contraction to fused multiply-add, see CMakeLists.txt: sums must have the bits
// of sparse_product.
#include "panel_kernels.hpp"

#include "penchant/simd.hpp"

namespace penchant::PENCHANT_ISA {
namespace {

constexpr int kWidth = kLanes<float>;
constexpr int kVectors = static_cast<int>(kPanelColumns) / kWidth;

void add_rows(const float* panel, const std::int32_t* rows, const float* weights, std::int64_t n,
              float* out) {
  constexpr int kAtOnce = kVectors < 8 ? kVectors : 8;  // as many sums as there are registers for
  for (int first = 0; first < kVectors; first += kAtOnce) {
    Vec<float> sums[kAtOnce] = {};
    for (std::int64_t j = 0; j < n; ++j) {
      const float* row =
          panel + static_cast<std::int64_t>(rows[j]) * kPanelColumns + first * kWidth;
      const Vec<float> weight = broadcast(weights ? weights[j] : 1.0F);
      for (int v = 0; v < kAtOnce; ++v) sums[v] += weight * load(row + v * kWidth);
    }
    for (int v = 0; v < kAtOnce; ++v) store(out + (first + v) * kWidth, sums[v]);
  }
}

const PanelKernels kTable{add_rows};

}  // namespace

const PanelKernels& panel_kernels() { return kTable; }

}  // namespace penchant::PENCHANT_ISA
