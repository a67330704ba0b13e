#include "bind_sparse.hpp"
#include "bindings.hpp"
#include "penchant/sparse_product.hpp"

namespace penchant::bindings {
namespace {

using Indptr = In1<std::int64_t>;
using Indices = In1<std::int32_t>;
using Values = SparseValues;

/// Writes all of out, whose shape tells the number of columns. Row pointers begin with 0.
void bound_sparse_gram(Indptr indptr, Indices indices, Values values, Out2<double> out,
                       int threads) {
  const auto X = matrix_of(indptr, indices, values, static_cast<std::int64_t>(indptr.size()) - 1,
                           static_cast<std::int64_t>(out.shape(1)), false, "the matrix");
  sparse_gram(X, out.data(), threads, poll_for_signals());
}

/// Writes all of out, shape (rows of left, columns of right). validated: nothing is to be checked.
void bound_sparse_product(Indptr left_indptr, Indices left_indices, Values left_values,
                          Indptr right_indptr, Indices right_indices, Values right_values,
                          bool validated, Out2<float> out, int threads) {
  const auto inner = static_cast<std::int64_t>(right_indptr.size()) - 1;
  const auto left = matrix_of(left_indptr, left_indices, left_values,
                              static_cast<std::int64_t>(out.shape(0)), inner, validated, "left");
  const auto right = matrix_of(right_indptr, right_indices, right_values, inner,
                               static_cast<std::int64_t>(out.shape(1)), validated, "right");
  sparse_product(left, right, out.data(), threads, poll_for_signals());
}

}  // namespace

void bind_sparse_product(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("sparse_gram", &bound_sparse_gram, nb::arg("indptr"), nb::arg("indices"),
        nb::arg("values").none(), nb::arg("out"), nb::arg("threads"), release);
  m.def("sparse_product", &bound_sparse_product, nb::arg("left_indptr"), nb::arg("left_indices"),
        nb::arg("left_values").none(), nb::arg("right_indptr"), nb::arg("right_indices"),
        nb::arg("right_values").none(), nb::arg("validated"), nb::arg("out"), nb::arg("threads"), release);
}

}  // namespace penchant::bindings
