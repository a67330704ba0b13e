#include "penchant/block_product.hpp"

#include <stdexcept>

#include "bind_rows.hpp"

namespace penchant::bindings {
namespace {

/// Writes all of `out`, shape (rows of the matrix, columns of the block). Validated rows are not
/// checked.
template <class T>
void bound_block_product(const SparseMatrixRecord& matrix, In2<T> block, bool validated,
                         Out2<T> out, int threads) {
  const auto rows = matrix.rows.view(length(out), "the matrix");
  if (!validated) check_rows(rows, length(block), "the matrix");
  if (length(out, 1) != length(block, 1)) {
    throw std::invalid_argument("the block and the product differ in their number of columns");
  }
  block_product(SparseMatrix{rows, matrix.values_data(), length(block)}, block.data(),
                length(block, 1), out.data(), threads, poll_for_signals());
}

template <class T>
void bind_for(nb::module_& m) {
  m.def("block_product", &bound_block_product<T>, "matrix"_a, "block"_a.noconvert(), nb::kw_only(),
        "validated"_a, "out"_a.noconvert(), "threads"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace

void bind_block_product(nb::module_& m) {
  bind_for<float>(m);
  bind_for<double>(m);
}

}  // namespace penchant::bindings
