// Factors as arrays from Python.
#pragma once

#include "bindings.hpp"
#include "penchant/solve.hpp"

namespace penchant::bindings {

/// Factors padded by penchant._kernels.align_rows: whole rows, with the zeros beyond the columns.
template <class T>
Factors<T> factors_of(
    const nb::ndarray<nb::numpy, T, nb::ndim<2>, nb::c_contig, nb::device::cpu>& array,
    std::int64_t columns) {
  return {array.data(), length(array), columns, length(array, 1)};
}

}  // namespace penchant::bindings
