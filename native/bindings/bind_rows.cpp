#include "bind_rows.hpp"

#include <nanobind/stl/optional.h>

#include <stdexcept>
#include <utility>

namespace penchant::bindings {

RowsRecord::RowsRecord(In1<std::int64_t> indptr, In1<std::int32_t> indices)
    : indptr(std::move(indptr)), indices(std::move(indices)) {
  if (this->indptr.size() == 0) {
    throw std::invalid_argument("indptr is empty; it must hold at least one row pointer");
  }
}

Rows RowsRecord::view(std::int64_t n_rows, const std::string& name) const {
  if (this->n_rows() != n_rows) {
    throw std::invalid_argument(name + " has " + std::to_string(indptr.size()) +
                                " row pointers for " + std::to_string(n_rows) + " rows");
  }
  return view();
}

SparseMatrixRecord::SparseMatrixRecord(In1<std::int64_t> indptr, In1<std::int32_t> indices,
                                       std::optional<In1<float>> values)
    : rows(std::move(indptr), std::move(indices)), values(std::move(values)) {
  if (this->values && this->values->size() != rows.indices.size()) {
    throw std::invalid_argument(std::to_string(this->values->size()) + " values for " +
                                std::to_string(rows.indices.size()) + " indices");
  }
}

void bind_rows(nb::module_& m) {
  nb::class_<RowsRecord>(m, "Rows").def(nb::init<In1<std::int64_t>, In1<std::int32_t>>(),
                                        "indptr"_a, "indices"_a);
  nb::class_<SparseMatrixRecord>(m, "SparseMatrix")
      .def(nb::init<In1<std::int64_t>, In1<std::int32_t>, std::optional<In1<float>>>(), "indptr"_a,
           "indices"_a, "values"_a.none());
}

}  // namespace penchant::bindings
