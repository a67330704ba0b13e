#include "bindings.hpp"
#include "penchant/bootstrap.hpp"

namespace penchant::bindings {
namespace {

/// Writes one row of `out` per resample; shape (resamples, n_columns).
void bound_bootstrap_sums(In2<double> values, std::uint64_t seed, Out2<double> out, int threads) {
  bootstrap_sums(values.data(), length(values), length(values, 1), length(out), seed, out.data(),
                 threads, poll_for_signals());
}

}  // namespace

void bind_bootstrap(nb::module_& m) {
  m.def("bootstrap_sums", &bound_bootstrap_sums, "values"_a.noconvert(), nb::kw_only(), "seed"_a,
        "out"_a.noconvert(), "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
