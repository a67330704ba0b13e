#include "penchant/transpose.hpp"

#include <stdexcept>

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes the transposed matrix; indices and values are as long as those of the matrix.
void bound_transpose(const SparseMatrixRecord& matrix, Out1<std::int64_t> indptr,
                     Out1<std::int32_t> indices, Out1<float> values, int threads) {
  if (!matrix.values) throw std::invalid_argument("the matrix to transpose has no values");
  transpose(matrix.rows.view(), matrix.values_data(), length(indptr) - 1, indptr.data(),
            indices.data(), values.data(), threads, poll_for_signals());
}

}  // namespace

void bind_transpose(nb::module_& m) {
  m.def("transpose", &bound_transpose, "matrix"_a, nb::kw_only(), "indptr"_a.noconvert(),
        "indices"_a.noconvert(), "values"_a.noconvert(), "threads"_a,
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace penchant::bindings
