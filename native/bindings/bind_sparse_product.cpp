#include "penchant/sparse_product.hpp"

#include "bind_sparse.hpp"

namespace penchant::bindings {
namespace {

/// Writes all of `out`, shape (n_columns, n_columns). The row pointers begin with 0.
void bound_sparse_gram(const SparseMatrixRecord& X, Out2<double> out, int threads) {
  sparse_gram(matrix_of(X, X.rows.n_rows(), length(out, 1), false, "the matrix"), out.data(),
              threads, poll_for_signals());
}

/// Writes all of `out`, shape (rows of left, columns of right). Validated rows are not checked.
void bound_sparse_product(const SparseMatrixRecord& left, const SparseMatrixRecord& right,
                          bool validated, Out2<float> out, int threads) {
  const auto inner = right.rows.n_rows();
  const auto A = matrix_of(left, length(out), inner, validated, "left");
  const auto B = matrix_of(right, inner, length(out, 1), validated, "right");
  sparse_product(A, B, out.data(), threads, poll_for_signals());
}

}  // namespace

void bind_sparse_product(nb::module_& m) {
  const auto release = nb::call_guard<nb::gil_scoped_release>();
  m.def("sparse_gram", &bound_sparse_gram, "X"_a, nb::kw_only(), "out"_a.noconvert(), "threads"_a,
        release);
  m.def("sparse_product", &bound_sparse_product, "left"_a, "right"_a, nb::kw_only(), "validated"_a,
        "out"_a.noconvert(), "threads"_a, release);
}

}  // namespace penchant::bindings
