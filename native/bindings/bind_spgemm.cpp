#include "bind_sparse.hpp"
#include "bindings.hpp"
#include "penchant/spgemm.hpp"

namespace penchant::bindings {
namespace {

using Indptr = In1<std::int64_t>;
using Indices = In1<std::int32_t>;

/// Computes the product; nothing of the arrays is held on to. validated: both matrices, and
/// exclude, are not checked.
void make_product(SparseProduct* place, Indptr left_indptr, Indices left_indices,
                  SparseValues left_values, Indptr right_indptr, Indices right_indices,
                  SparseValues right_values, std::int64_t n_columns, Indptr exclude_indptr,
                  Indices exclude_indices, std::int64_t max_entries, bool validated, int threads) {
  const auto n_rows = static_cast<std::int64_t>(left_indptr.size()) - 1;
  const auto inner = static_cast<std::int64_t>(right_indptr.size()) - 1;
  const auto left =
      matrix_of(left_indptr, left_indices, left_values, n_rows, inner, validated, "left");
  const auto right =
      matrix_of(right_indptr, right_indices, right_values, inner, n_columns, validated, "right");
  const auto exclude = rows_of(exclude_indptr, exclude_indices, n_rows, "exclude");
  if (!validated) check_rows(exclude, n_columns, "exclude");
  const nb::gil_scoped_release release;
  new (place) SparseProduct(left, right, exclude, max_entries, threads, poll_for_signals());
}

/// Takes the nonzero entries of a dense matrix.
void take_nonzero(SparseProduct* place, In2<float> dense, int threads) {
  const nb::gil_scoped_release release;
  new (place) SparseProduct(dense.data(), static_cast<std::int64_t>(dense.shape(0)),
                            static_cast<std::int64_t>(dense.shape(1)), threads,
                            poll_for_signals());
}

/// Writes all of out (n × n). The matrices, of n rows and of n columns, are not checked.
void bound_symmetric_product(Indptr left_indptr, Indices left_indices, SparseValues left_values,
                             Indptr right_indptr, Indices right_indices, SparseValues right_values,
                             std::optional<In1<float>> ratios, Out2<float> out, int threads) {
  const auto n = static_cast<std::int64_t>(left_indptr.size()) - 1;
  const auto inner = static_cast<std::int64_t>(right_indptr.size()) - 1;
  const auto left = matrix_of(left_indptr, left_indices, left_values, n, inner, true, "left");
  const auto right = matrix_of(right_indptr, right_indices, right_values, inner, n, true, "right");
  symmetric_product(left, right, ratios ? ratios->data() : nullptr, out.data(), threads,
                    poll_for_signals());
}

bool bound_symmetric_product_pays(Indptr left_indptr, Indices left_indices, Indptr right_indptr,
                                  Indices right_indices) {
  const auto n = static_cast<std::int64_t>(left_indptr.size()) - 1;
  const auto inner = static_cast<std::int64_t>(right_indptr.size()) - 1;
  return symmetric_product_pays(matrix_of(left_indptr, left_indices, {}, n, inner, true, "left"),
                                matrix_of(right_indptr, right_indices, {}, inner, n, true, "right"));
}

void take(SparseProduct& product, Out1<std::int64_t> indptr, Out1<std::int32_t> columns,
          Out1<float> values) {
  product.take(indptr.data(), columns.data(), values.data());
}

}  // namespace

void bind_spgemm(nb::module_& m) {
  nb::class_<SparseProduct>(m, "SparseProduct")
      .def("__init__", &make_product, nb::arg("left_indptr"), nb::arg("left_indices"),
           nb::arg("left_values").none(), nb::arg("right_indptr"), nb::arg("right_indices"),
           nb::arg("right_values").none(), nb::arg("n_columns"), nb::arg("exclude_indptr"),
           nb::arg("exclude_indices"), nb::arg("max_entries"), nb::arg("validated"),
           nb::arg("threads"))
      .def("__init__", &take_nonzero, nb::arg("dense").noconvert(), nb::arg("threads"))
      .def_prop_ro("n_entries", &SparseProduct::n_entries)
      .def("take", &take, nb::arg("indptr"), nb::arg("columns"), nb::arg("values"),
           nb::call_guard<nb::gil_scoped_release>());
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("symmetric_product", &bound_symmetric_product, nb::arg("left_indptr"),
        nb::arg("left_indices"), nb::arg("left_values").none(), nb::arg("right_indptr"),
        nb::arg("right_indices"), nb::arg("right_values").none(), nb::arg("ratios").none(),
        nb::arg("out"), nb::arg("threads"), release);
  m.def("symmetric_product_pays", &bound_symmetric_product_pays, nb::arg("left_indptr"),
        nb::arg("left_indices"), nb::arg("right_indptr"), nb::arg("right_indices"), release);
}

}  // namespace penchant::bindings
