#include "bind_rows.hpp"
#include "bindings.hpp"
#include "penchant/transpose.hpp"

namespace penchant::bindings {
namespace {

/// Writes the transposed matrix; indices and values are as long as those of the matrix.
void transpose_csr(In1<std::int64_t> indptr, In1<std::int32_t> indices, In1<float> values,
                   Out1<std::int64_t> out_indptr, Out1<std::int32_t> out_indices,
                   Out1<float> out_values, int threads) {
  const auto n_rows = static_cast<std::int64_t>(indptr.size()) - 1;
  transpose(rows_of(indptr, indices, n_rows, "the matrix"), values.data(),
            static_cast<std::int64_t>(out_indptr.size()) - 1, out_indptr.data(),
            out_indices.data(), out_values.data(), threads, poll_for_signals());
}

}  // namespace

void bind_transpose(nb::module_& m) {
  m.def("transpose", &transpose_csr, nb::arg("indptr"), nb::arg("indices"), nb::arg("values"),
        nb::arg("out_indptr"), nb::arg("out_indices"), nb::arg("out_values"), nb::arg("threads"),
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
