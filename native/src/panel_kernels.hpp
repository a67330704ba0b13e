// The inner loop of dense_panels.cpp: one table an instruction set, filled by panel_kernels.cpp.
#pragma once

#include <cstdint>

#include "penchant/isa.hpp"

namespace penchant {

inline constexpr std::int64_t kPanelColumns = 64;

struct PanelKernels {
  /// Writes Σ weights[j] · panel[rows[j]], j rising: kPanelColumns floats. A row of the panel is
  /// kPanelColumns floats; weights null: all are 1. Products are rounded before they are added, as
  /// in sparse_product.
  void (*add_rows)(const float* panel, const std::int32_t* rows, const float* weights,
                   std::int64_t n, float* out);
};

PENCHANT_DISPATCH(PanelKernels, panel_kernels)

}  // namespace penchant
