#include <nanobind/stl/optional.h>

#include <optional>

#include "bind_rows.hpp"
#include "bindings.hpp"
#include "penchant/block_product.hpp"

namespace penchant::bindings {
namespace {

/// Writes all of out, shape (rows of the matrix, columns of the block). validated: the rows need no
/// check.
template <class T>
void bound_block_product(In1<std::int64_t> indptr, In1<std::int32_t> indices,
                         std::optional<In1<float>> values, In2<T> block, bool validated,
                         Out2<T> out, int threads) {
  if (values && values->size() != indices.size()) {
    throw std::invalid_argument("the matrix has other numbers of indices and values");
  }
  const auto rows =
      rows_of(indptr, indices, static_cast<std::int64_t>(out.shape(0)), "the matrix");
  const auto n_columns = static_cast<std::int64_t>(block.shape(0));
  if (!validated) check_rows(rows, n_columns, "the matrix");
  if (out.shape(1) != block.shape(1)) {
    throw std::invalid_argument("the block and the product have other numbers of columns");
  }
  const nb::gil_scoped_release release;
  block_product(SparseMatrix{rows, values ? values->data() : nullptr, n_columns}, block.data(),
                static_cast<std::int64_t>(block.shape(1)), out.data(), threads,
                poll_for_signals());
}

template <class T>
void bind_type(nb::module_& m) {
  m.def("block_product", &bound_block_product<T>, nb::arg("indptr"), nb::arg("indices"),
        nb::arg("values").none(), nb::arg("block").noconvert(), nb::arg("validated"),
        nb::arg("out").noconvert(), nb::arg("threads"));
}

}  // namespace

void bind_block_product(nb::module_& m) {
  bind_type<float>(m);
  bind_type<double>(m);
}

}  // namespace penchant::bindings
