#include "penchant/spgemm.hpp"

#include <nanobind/stl/optional.h>

#include "bind_sparse.hpp"

namespace penchant::bindings {
namespace {

/// Computes the product; no array is kept. Validated rows, those of exclude too, are not checked.
void init_product(SparseProduct* self, const SparseMatrixRecord& left,
                  const SparseMatrixRecord& right, std::int64_t n_columns,
                  const RowsRecord& exclude, std::int64_t max_entries, bool validated,
                  int threads) {
  const auto n_rows = left.rows.n_rows(), inner = right.rows.n_rows();
  const auto A = matrix_of(left, n_rows, inner, validated, "left");
  const auto B = matrix_of(right, inner, n_columns, validated, "right");
  const auto excluded = exclude.view(n_rows, "exclude");
  if (!validated) check_rows(excluded, n_columns, "exclude");
  const nb::gil_scoped_release release;
  new (self) SparseProduct(A, B, excluded, max_entries, threads, poll_for_signals());
}

/// Takes the nonzero entries of a dense matrix.
void init_nonzero(SparseProduct* self, In2<float> dense, int threads) {
  const nb::gil_scoped_release release;
  new (self)
      SparseProduct(dense.data(), length(dense), length(dense, 1), threads, poll_for_signals());
}

/// Writes row pointers, columns and values, and discards the product.
void take(SparseProduct& product, Out1<std::int64_t> indptr, Out1<std::int32_t> columns,
          Out1<float> values) {
  product.take(indptr.data(), columns.data(), values.data());
}

bool pays(const SparseMatrixRecord& left, const SparseMatrixRecord& right) {
  const auto n = left.rows.n_rows(), inner = right.rows.n_rows();
  return symmetric_product_pays(matrix_of(left, n, inner, true, "left"),
                                matrix_of(right, inner, n, true, "right"));
}

/// Writes all of `out`, shape (n, n). The matrices are not checked.
void bound_symmetric_product(const SparseMatrixRecord& left, const SparseMatrixRecord& right,
                             std::optional<In1<float>> ratios, Out2<float> out, int threads) {
  const auto n = left.rows.n_rows(), inner = right.rows.n_rows();
  symmetric_product(matrix_of(left, n, inner, true, "left"),
                    matrix_of(right, inner, n, true, "right"), ratios ? ratios->data() : nullptr,
                    out.data(), threads, poll_for_signals());
}

}  // namespace

void bind_spgemm(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  nb::class_<SparseProduct>(m, "SparseProduct")
      .def("__init__", &init_product, "left"_a, "right"_a, nb::kw_only(), "n_columns"_a,
           "exclude"_a, "max_entries"_a, "validated"_a, "threads"_a)
      .def("__init__", &init_nonzero, "dense"_a.noconvert(), nb::kw_only(), "threads"_a)
      .def_prop_ro("n_entries", &SparseProduct::n_entries)
      .def("take", &take, nb::kw_only(), "indptr"_a.noconvert(), "columns"_a.noconvert(),
           "values"_a.noconvert(), release);
  m.def("symmetric_product_pays", &pays, "left"_a, "right"_a, release);
  m.def("symmetric_product", &bound_symmetric_product, "left"_a, "right"_a, nb::kw_only(),
        "ratios"_a.none(), "out"_a.noconvert(), "threads"_a, release);
}

}  // namespace penchant::bindings
