#include "penchant/momentum.hpp"

#include <nanobind/stl/optional.h>

#include <optional>

#include "bind_factors.hpp"

namespace penchant::bindings {
namespace {

void bound_quantize_previous(In2<float> X, Out2<std::int16_t> values, Out1<float> row_max,
                             int threads) {
  quantize_previous(factors_of(X, length(X, 1)), {values.data(), row_max.data()}, threads);
}

/// Extrapolates X in place; `values` and `row_max` become those of X before.
void bound_extrapolate(Out2<float> X, Out2<std::int16_t> values, Out1<float> row_max,
                       const std::optional<In2<float>>& rotation, float momentum, int threads) {
  const auto f = rotation ? length(*rotation) : length(X, 1);
  extrapolate(factors_of(X, f), {values.data(), row_max.data()},
              rotation ? rotation->data() : nullptr, momentum, threads);
}

}  // namespace

void bind_momentum(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("quantize_previous", &bound_quantize_previous, "X"_a.noconvert(), nb::kw_only(),
        "values"_a.noconvert(), "row_max"_a.noconvert(), "threads"_a, release);
  m.def("extrapolate", &bound_extrapolate, "X"_a.noconvert(), nb::kw_only(), "values"_a.noconvert(),
        "row_max"_a.noconvert(), "rotation"_a.none(), "momentum"_a, "threads"_a, release);
}

}  // namespace penchant::bindings
