#include "bindings.hpp"
#include "penchant/bootstrap.hpp"

namespace penchant::bindings {
namespace {

/// Writes one row a resample (float64, shape (resamples, n_columns)).
void sums(In2<double> values, std::uint64_t seed, Out2<double> out, int threads) {
  bootstrap_sums(values.data(), static_cast<std::int64_t>(values.shape(0)),
                 static_cast<std::int64_t>(values.shape(1)),
                 static_cast<std::int64_t>(out.shape(0)), seed, out.data(), threads,
                 poll_for_signals());
}

}  // namespace

void bind_bootstrap(nb::module_& m) {
  m.def("bootstrap_sums", &sums, nb::arg("values").noconvert(), nb::arg("seed"), nb::arg("out"),
        nb::arg("threads"), nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
